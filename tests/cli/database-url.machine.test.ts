import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { OUR_BOOKS } from '../../src/books.ts';
import { defaultMigrationsFolder } from '../../src/journal.ts';
import { migrate } from '../../src/migrate/index.ts';
import { readMigrations } from '../../src/migrate/migration-files.ts';
import { useEmptyDatabases } from '../migrate/databases.ts';
import { books, run } from '../migrate/fixture.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { failureOf, runCli } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const nameOf = (url: string) => new URL(url).pathname.slice(1);
const change = (url: string, edit: (parts: URL) => void) => {
  const parts = new URL(url);
  edit(parts);
  return parts.href;
};

describe('azora-db with DATABASE_URL', () => {
  it('migrates that database, tells its status, and starts no server', async () => {
    const url = await emptyDatabase();
    const options = { cwd: folder.path, env: { DATABASE_URL: url } };
    const before = await runCli(['status'], options);
    expect(before).toMatchObject({ code: 4, stderr: '' });
    expect(before.stdout).toContain('pending: 0000_create_first_functions\n');
    const migrated = await runCli(['migrate'], options);
    expect(migrated.code).toBe(0);
    expect(migrated.stdout).toBe(`${place(url)}: Applied ${readMigrations().length} migrations.\n`);
    expect(migrated.stderr.split('\n')).toContain('0001_create_tables');
    expect(await books(url, OUR_BOOKS)).toHaveLength(readMigrations().length);
    const after = await runCli(['status'], options);
    expect(after).toEqual({
      code: 0,
      stdout: `${place(url)}: ${readMigrations().length} applied.\n`,
      stderr: '',
    });
    const started = await runCli(['start'], options);
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toContain('Nothing to start');
    const stopped = await runCli(['stop'], options);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(folder.path, '.azora'))).toBe(false);
    expect(await books(url, OUR_BOOKS)).toHaveLength(readMigrations().length);
  });

  it('takes it from .env, unless the environment has another', async () => {
    const [inFile, inEnvironment] = [await emptyDatabase(), await emptyDatabase()];
    await writeFile(join(folder.path, '.env'), `DATABASE_URL=${inFile}\n`);
    const fromFile = await runCli(['status'], { cwd: folder.path });
    expect(fromFile.stdout).toContain(place(inFile));
    const env = { DATABASE_URL: inEnvironment };
    const fromEnvironment = await runCli(['status'], { cwd: folder.path, env });
    expect(fromEnvironment.stdout).toContain(place(inEnvironment));
  });

  it('refuses demo data in production and elsewhere, as a reset, unless forced', async () => {
    const url = await emptyDatabase();
    const env = { DATABASE_URL: url, NODE_ENV: 'production' };
    for (const command of ['seed', 'setup', 'quickstart']) {
      const production = await failureOf([command], { cwd: folder.path, env });
      expect(production.message, command).toBe(
        `NODE_ENV is production, and a seed adds made-up people and money to database ` +
          `"${nameOf(url)}". If that is meant, add --force.`,
      );
      const far = { DATABASE_URL: 'postgres://azora@db.example.com/azora' };
      const elsewhere = await failureOf([command], { cwd: folder.path, env: far });
      expect(elsewhere.message, command).toContain('db.example.com, which is not this machine');
    }
    expect(await runCli(['seed'], { cwd: folder.path, env })).toMatchObject({ code: 6 });
    const forced = await runCli(['setup', '--force'], { cwd: folder.path, env });
    expect(forced).toMatchObject({ code: 0 });
    expect(await run(url, 'select email::text from identity.users order by 1')).toHaveLength(3);
    const refused = await failureOf(['push'], { cwd: folder.path, env });
    expect(refused.message).toContain('NODE_ENV is production');
  });

  it('fills it with a large set, the same again for the same number', async () => {
    const url = await emptyDatabase();
    const options = { cwd: folder.path, env: { DATABASE_URL: url } };
    const early = await runCli(['seed', '--scale', '20'], options);
    expect(early).toMatchObject({ code: 4, stdout: '' });
    expect(early.stderr).toMatch(/lacks .* 0000_create_first_functions.*azora-db migrate/);
    await migrate({ url });
    const seeded = await runCli(['seed', '--scale', '20', '--seed', '7'], options);
    expect(seeded).toMatchObject({ code: 0 });
    expect(seeded.stdout).toContain('identity.users: 20 rows\n');
    const again = await runCli(['seed', '--scale', '20', '--seed', '7'], options);
    expect(again.stdout).toContain('there already');
    expect(await run(url, 'select count(*)::int as n from identity.users')).toEqual([{ n: 20 }]);
    const mistaken = await failureOf(['seed', '--seed', '7'], options);
    expect(mistaken.message).toContain('needs --scale');
  });
});

describe('azora-db seed --scale without @faker-js/faker', () => {
  it('says how to install it, and exits 8', async () => {
    const hooks = `import { registerHooks } from 'node:module';
      registerHooks({
        resolve(name, context, next) {
          if (name !== '@faker-js/faker') return next(name, context);
          const error = new Error("Cannot find package '@faker-js/faker'");
          throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
        },
      });`;
    const withoutFaker = join(folder.path, 'without-faker.mjs');
    await writeFile(withoutFaker, hooks);
    const url = await emptyDatabase();
    await migrate({ url });
    const env = { DATABASE_URL: url, NODE_OPTIONS: `--import=${withoutFaker}` };
    const result = await runCli(['seed', '--scale', '20'], { cwd: folder.path, env });
    expect(result).toMatchObject({ code: 8, stdout: '' });
    expect(result.stderr).toMatch(/npm install --save-dev @faker-js\/faker@\d/);
    // The demo has no need of it.
    expect(await runCli(['seed'], { cwd: folder.path, env })).toMatchObject({ code: 0 });
  });
});

describe('azora-db, when it fails', () => {
  it.each<[string, (url: string) => string, RegExp]>([
    [
      'the server is down',
      (url) => change(url, (u) => (u.port = '1')),
      /nothing answers at \S+:1 /,
    ],
    [
      'the password is wrong',
      (url) => change(url, (u) => (u.password = 'S3cretWrong')),
      /password/,
    ],
    ['the database is missing', (url) => url.replace('?', '_missing?'), /has no database/],
    ['the URL is malformed', (url) => url.replace('//', '/S3cret:S3cret@'), /must look like/],
  ])('says plainly that %s, without the password', async (_what, spoil, message) => {
    const url = await emptyDatabase();
    const { password } = new URL(url);
    const spoiled = spoil(url);
    const env = { DATABASE_URL: spoiled };
    const result = await runCli(['migrate'], { cwd: folder.path, env });
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/^azora-db: .*\n$/);
    expect(result.stderr).not.toContain('S3cret');
    if (password !== new URL(url).username) expect(result.stderr).not.toContain(password);
  });

  it('prints the stack for DEBUG only, and no password there either', async () => {
    const url = change(await emptyDatabase(), (u) => {
      u.port = '1';
      u.password = 'S3cretWrong';
    });
    const env = { DATABASE_URL: url, DEBUG: '1' };
    const { stderr, code } = await runCli(['migrate'], { cwd: folder.path, env });
    expect(code).toBe(5);
    expect(stderr).toMatch(/\n {4}at /);
    expect(stderr).not.toContain('S3cretWrong');
  });

  it('exits 2 for a command or a number that it does not know', async () => {
    const cwd = folder.path;
    expect(await runCli(['migrat'], { cwd })).toMatchObject({ code: 2, stdout: '' });
    const scale = await runCli(['seed', '--scale', '1e3'], { cwd });
    expect(scale).toMatchObject({ code: 2, stderr: expect.stringContaining('whole number') });
  });

  it.each([
    [['--name', 'Add-Badges'], 'a verb and what it is about'],
    [['--name', '0013'], 'a verb and what it is about'],
  ])('generates no migration whose name says nothing: %j', async (args, message) => {
    const files = await readdir(defaultMigrationsFolder());
    const result = await runCli(['generate', ...args], { cwd: folder.path });
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    expect(await readdir(defaultMigrationsFolder())).toEqual(files);
  });

  it('names the migration that fails, and exits 1', async () => {
    const url = await emptyDatabase();
    await run(url, 'create schema identity; create table identity.users (id int);');
    const env = { DATABASE_URL: url };
    const { code, stderr, stdout } = await runCli(['migrate'], { cwd: folder.path, env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/azora-db: Migration 0001_create_tables failed at statement \d+ of/);
  });
});

function place(url: string): string {
  return `database "${nameOf(url)}" on ${new URL(url).host}`;
}
