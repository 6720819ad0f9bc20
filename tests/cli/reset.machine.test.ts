import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { useMigratedDatabases } from '../migrate/databases.ts';
import { run } from '../migrate/fixture.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { testServerUrl } from '../setup/test-database.ts';
import { failureOf, runCli, runCliOnTerminal } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const migratedDatabase = useMigratedDatabases();
let url: string;
beforeEach(async () => {
  url = await migratedDatabase();
  await run(url, `insert into marketplace.skills (name, category) values ('Knitting', 'Craft')`);
});

const reset = (args: string[], env: Record<string, string> = {}) =>
  runCli(['reset', ...args], { cwd: folder.path, env: { DATABASE_URL: url, ...env } });
const isThere = async () =>
  (await run(url, `select from marketplace.skills where name = 'Knitting'`)).length === 1;
const nameOf = () => new URL(url).pathname.slice(1);

describe('azora-db reset', () => {
  it('deletes all data and leaves a migrated database without the demo', async () => {
    const before = await readCatalog({ url });
    const { code, stdout } = await reset(['--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('all data is deleted');
    expect(await isThere()).toBe(false);
    expect(await run(url, 'select email from identity.users')).toEqual([]);
    expect(await readCatalog({ url })).toEqual(before);
  });

  it('works for the owner of a database who is nothing else', async () => {
    const database = nameOf();
    const role = `owner_of_${database}`;
    const owned = new URL(testServerUrl());
    await run(testServerUrl(), `create role ${role} login password 'S3cret'`);
    await run(testServerUrl(), `create database ${database}_owned owner ${role}`);
    try {
      Object.assign(owned, { username: role, password: 'S3cret', pathname: `${database}_owned` });
      const env = { DATABASE_URL: owned.href };
      expect(await runCli(['migrate'], { cwd: folder.path, env })).toMatchObject({ code: 0 });
      const result = await reset(['--yes'], env);
      expect(result).toMatchObject({ code: 0 });
      expect(result.stdout + result.stderr).not.toContain('S3cret');
    } finally {
      await run(testServerUrl(), `drop database ${database}_owned with (force)`);
      await run(testServerUrl(), `drop role ${role}`);
    }
  });

  it('names what of a service depends on ours, and drops it only with --force', async () => {
    await run(
      url,
      `create schema shop;
       create table shop.orders (
         user_id uuid constraint orders_user_id_fkey references identity.users
       )`,
    );
    const key = 'table constraint orders_user_id_fkey on shop.orders';
    const refused = await reset(['--yes']);
    expect(refused).toMatchObject({ stdout: '', stderr: expect.stringContaining(`\n  ${key}\n`) });
    expect(refused.code).not.toBe(0);
    expect(await isThere()).toBe(true);
    const forced = await reset(['--yes', '--force']);
    expect(forced).toMatchObject({ code: 0, stdout: expect.stringContaining(key) });
    expect(await run(url, 'select from shop.orders')).toEqual([]);
  });

  it('refuses without a terminal and without --yes', async () => {
    const result = await reset([]);
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(result.stderr).toContain('it wants --yes');
    expect(await isThere()).toBe(true);
  });

  it('refuses production without --force, whatever --yes says, and wants --yes with it', async () => {
    const env = { NODE_ENV: 'production' };
    const unforced = await reset(['--yes'], env);
    expect(unforced).toMatchObject({ code: 6, stdout: '' });
    expect(unforced.stderr).toContain('NODE_ENV is production');
    const unasked = await reset(['--force'], env);
    expect(unasked).toMatchObject({ code: 6, stderr: expect.stringContaining('--yes') });
    expect(await isThere()).toBe(true);
    expect(await reset(['--force', '--yes'], env)).toMatchObject({ code: 0 });
    expect(await isThere()).toBe(false);
  });

  it.each([
    ['named by the URL', () => ({ DATABASE_URL: 'postgres://azora:S3cret@db.example.com/azora' })],
    ['hidden in a parameter', () => ({ DATABASE_URL: `${url}&host=db.example.com` })],
    [
      'that only PGHOST names',
      () => ({ DATABASE_URL: `postgres:///${nameOf()}`, PGHOST: 'db.example.com' }),
    ],
  ])('refuses a host that is not local, %s', async (_how, env) => {
    const error = await failureOf(['reset', '--yes'], { cwd: folder.path, env: env() });
    expect(error.message).toContain('db.example.com, which is not this machine');
    expect(error.message).not.toContain('S3cret');
    expect(await isThere()).toBe(true);
  });
});

describe('azora-db reset on a terminal', () => {
  const ask = (answer: string) =>
    runCliOnTerminal(['reset'], {
      cwd: folder.path,
      env: { DATABASE_URL: url },
      prompt: "Type the database's name to go on:",
      answer,
    });

  it('goes on when the name of the database is typed', async () => {
    const { code, output } = await ask(`${nameOf()}\r`);
    expect(code).toBe(0);
    expect(output).toContain(`This deletes all data of database "${nameOf()}"`);
    expect(await isThere()).toBe(false);
  });

  it.each([
    ['another answer', 'yes\r'],
    ['no answer', '\r'],
    ['the end of input', '\u0004'],
  ])('deletes nothing after %s', async (_what, answer) => {
    const { code, output } = await ask(answer);
    expect(code).toBe(6);
    expect(output).toContain('Nothing was deleted');
    expect(await isThere()).toBe(true);
  });
});
