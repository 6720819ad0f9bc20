import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { isRepository, packageRoot } from '../package-root.ts';
import { migrationName, notEmpty, sealHead, wholeNumber } from './arguments.ts';
import { completionScript, type Shell, shells } from './completion.ts';
import { loadEnvironment } from './environment.ts';
import { CliError } from './errors.ts';
import { helpBelow } from './help.ts';
import { print } from './output.ts';

/**
 * The `azora-db` command. Each part is loaded when it is called, so that none pays for the others.
 * `repository` is whether the commands are there that write this library; in a package that others
 * install, they are hidden and say that they do not work there.
 *
 * @throws CommanderError from parse(), also after a help text.
 */
export function createProgram({ repository = isRepository() } = {}): Command {
  const program = new Command('azora-db')
    .description('The database of Azora OS: server, migrations, data')
    .version(readVersion())
    .addHelpText('after', helpBelow)
    // Before the commands, which take it over.
    .exitOverride()
    .hook('preAction', (_, command) => loadEnvironment(command.opts()));
  addServerCommands(program);
  addSchemaCommands(program, repository);
  addChecks(program);
  addDataCommands(program);
  if (repository) addRepositoryCommands(program);
  else hideRepositoryCommands(program);
  addCompletion(program);
  return program;
}

/** A command that talks to a database. */
function databaseCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--url <url>', 'the database, instead of DATABASE_URL', notEmpty)
    .option('--env-file <path>', 'a file of variables, which win over the environment', notEmpty);
}

function addServerCommands(program: Command): void {
  databaseCommand(program, 'start', 'start the embedded PostgreSQL and leave it running').action(
    async () => (await import('./commands/start.ts')).start(),
  );
  program
    .command('stop')
    .description('stop the embedded PostgreSQL; its data stay')
    .action(async () => (await import('./commands/stop.ts')).stop());
  databaseCommand(
    program,
    'url',
    'print the URL of the database, with its password, for psql and DATABASE_URL',
  ).action(async () => (await import('./commands/url.ts')).url());
}

function addSchemaCommands(program: Command, repository: boolean): void {
  databaseCommand(program, 'status', 'list the migrations that are not applied, or are others')
    .option('--verify', 'compare every table, constraint, function ... with what is shipped')
    .option('--json', 'print one JSON document')
    .action(async (options) => (await import('./commands/status.ts')).status(options));
  databaseCommand(program, 'migrate', 'apply the migrations that are missing')
    .option('--allow-late', 'apply migrations older than one that is applied already')
    .option('--dry-run', 'print their SQL, and apply nothing')
    .action(async (options) => (await import('./commands/migrate.ts')).migrateCommand(options));
  const push = repository
    ? databaseCommand(
        program,
        'push',
        'make a development database equal to src, without a migration',
      ).option('--force', 'delete data that the schema has no place for')
    : databaseCommand(program, 'push', 'apply what is missing and put back what was damaged');
  push.action(async (options) => (await import('./commands/push.ts')).pushCommand(options));
}

function addChecks(program: Command): void {
  const check = (name: string, description: string) =>
    databaseCommand(program, name, description)
      .option('--head <number:hash>', 'the last seal that was kept elsewhere', sealHead)
      .option('--json', 'print one JSON document');
  check('audit', 'check the ledger: balances against entries, and the seals').action(
    async (options) => (await import('./commands/verify.ts')).audit(options),
  );
  check('verify', 'check all data: what audit does, progress, the index of jobs').action(
    async (options) => (await import('./commands/verify.ts')).verify(options),
  );
  check('doctor', 'check the whole database, as after a restore: migrations, objects, data').action(
    async (options) => (await import('./commands/verify.ts')).doctor(options),
  );
}

function addDataCommands(program: Command): void {
  const force = 'allow it in production and on a server that is not this machine';
  databaseCommand(program, 'setup', 'start the server if needed, migrate, seed the demo data')
    .option('--force', force)
    .action(async (options) => (await import('./commands/setup.ts')).setup(options));
  databaseCommand(program, 'seed', 'add the demo data, or with --scale a large set')
    .option('--scale <users>', 'how many users the large set has', wholeNumber)
    .option('--seed <number>', 'which large set: the same number gives the same rows', wholeNumber)
    .option('--force', force)
    .action(async (options) => (await import('./commands/seed.ts')).seed(options));
  databaseCommand(
    program.command('import').description('load a public data set from its own files'),
    'esco <folder>',
    'the skills and occupations of ESCO, from its CSV files, plain or gzipped',
  ).action(async (folder) => (await import('./commands/import-esco.ts')).importEscoCommand(folder));
  databaseCommand(
    program,
    'reset',
    'delete all data and migrate again; asks for the name of the database',
  )
    .option('--yes', 'do not ask')
    .option('--force', `${force}, and drop what of others depends on ours`)
    .action(async (options) => (await import('./commands/reset.ts')).reset(options));
  databaseCommand(
    program,
    'quickstart',
    'from nothing to a migrated, seeded database, and what its queries answer',
  )
    .option('--force', force)
    .action(async (options) => (await import('./commands/quickstart.ts')).quickstart(options));
}

function addRepositoryCommands(program: Command): void {
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
  databaseCommand(program, 'studio', 'open drizzle-kit studio on the database').action(async () =>
    (await import('./commands/studio.ts')).studio(),
  );
}

function hideRepositoryCommands(program: Command): void {
  for (const name of ['generate', 'land', 'studio']) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new CliError(
          'REPOSITORY_ONLY',
          `${name} works on the sources of @azora/db, in its own repository. This is an ` +
            'installed package, with its migrations: see azora-db --help.',
        );
      });
  }
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .action((shell: Shell) => print(completionScript(program, shell)));
}

function readVersion(): string {
  const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
