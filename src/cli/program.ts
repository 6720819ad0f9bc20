import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { packageRoot } from '../package-root.ts';

/**
 * The `azora-db` command. Each part is loaded when it is called, so that none pays for the others.
 */
export function createProgram(): Command {
  const program = new Command('azora-db')
    .description('The database of Azora OS: server, migrations, data')
    .version(readVersion())
    .addHelpText(
      'after',
      '\nThe database is that of DATABASE_URL, from the environment or from .env. ' +
        'Without it, an\n' +
        'embedded PostgreSQL of this project is used, and started by the commands that need one.',
    );
  addServerCommands(program);
  addSchemaCommands(program);
  addDataCommands(program);
  return program;
}

function addServerCommands(program: Command): void {
  program
    .command('start')
    .description('start the embedded PostgreSQL and leave it running')
    .action(async () => (await import('./commands/start.ts')).start());
  program
    .command('stop')
    .description('stop the embedded PostgreSQL; its data stay')
    .action(async () => (await import('./commands/stop.ts')).stop());
  program
    .command('url')
    .description('print the URL of the database, with its password, for psql and DATABASE_URL')
    .action(async () => (await import('./commands/url.ts')).url());
  program
    .command('studio')
    .description('open drizzle-kit studio on the database')
    .action(async () => (await import('./commands/studio.ts')).studio());
}

function addSchemaCommands(program: Command): void {
  program
    .command('status')
    .description('list what is not applied; exits 1 if there is any')
    .action(async () => (await import('./commands/status.ts')).status());
  program
    .command('doctor')
    .description('check the whole database, as after a restore; exits 1 with findings')
    .option('--head <number:hash>', 'the last seal that was kept elsewhere', sealHead)
    .action(async (options) => (await import('./commands/doctor.ts')).doctor(options));
  program
    .command('generate')
    .description('write a migration for what changed in src; without --name, show it')
    .option('--name <verb_what>', 'what it does, such as add_badges', migrationName)
    .option('--custom', 'an empty one, for SQL of your own')
    .action(async (options) => (await import('./commands/generate.ts')).generateCommand(options));
  program
    .command('land')
    .description('mark the new migrations as landed: from then on they never change')
    .action(async () => (await import('./commands/land.ts')).land());
  program
    .command('migrate')
    .description('apply the migrations that are missing')
    .option('--allow-late', 'apply migrations older than one that is applied already')
    .action(async (options) => (await import('./commands/migrate.ts')).migrateCommand(options));
  program
    .command('push')
    .description('make a development database equal to src, without a migration')
    .option('--force', 'delete data that the schema has no place for')
    .action(async (options) => (await import('./commands/push.ts')).pushCommand(options));
}

function addDataCommands(program: Command): void {
  program
    .command('setup')
    .description('start the server if needed, migrate, seed the demo data')
    .action(async () => (await import('./commands/setup.ts')).setup());
  program
    .command('seed')
    .description('add the demo data, or with --scale a large set')
    .option('--scale <users>', 'how many users the large set has', wholeNumber)
    .option('--seed <number>', 'which large set: the same number gives the same rows', wholeNumber)
    .action(async (options) => (await import('./commands/seed.ts')).seed(options));
  program
    .command('import')
    .description('load a public data set from its own files')
    .command('esco <folder>')
    .description('the skills and occupations of ESCO, from its CSV files, plain or gzipped')
    .action(async (folder) =>
      (await import('./commands/import-esco.ts')).importEscoCommand(folder),
    );
  program
    .command('reset')
    .description('delete all data and migrate again; asks for the name of the database')
    .option('--yes', 'do not ask')
    .option(
      '--force',
      'allow it in production and on a server that is not this machine, and drop what of others ' +
        'depends on ours',
    )
    .action(async (options) => (await import('./commands/reset.ts')).reset(options));
  program
    .command('quickstart')
    .description('from nothing to a migrated, seeded database, and what its queries answer')
    .action(async () => (await import('./commands/quickstart.ts')).quickstart());
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

function sealHead(text: string): { number: bigint; hash: string } {
  const [, number, hash] = /^([1-9]\d{0,17}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined) {
    throw new InvalidArgumentError("It must be a seal's number, a colon and its hash.");
  }
  return { number: BigInt(number), hash };
}

function migrationName(text: string): string {
  if (!/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/.test(text)) {
    throw new InvalidArgumentError('It must be a verb and what it is about, such as add_badges.');
  }
  return text;
}

function readVersion(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
