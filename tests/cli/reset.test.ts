import pg from 'pg';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { migrate } from '../../src/migrate/index.ts';
import { dropAll } from '../../src/migrate/reset.ts';
import { useEmptyDatabases } from '../migrate/databases.ts';
import { open, run } from '../migrate/fixture.ts';
import { rejection } from '../setup/errors.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { testServerUrl } from '../setup/test-database.ts';
import { waitFor } from '../setup/wait-for.ts';
import { runCli, runCliOnTerminal } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
let url: string;
beforeEach(async () => {
  url = await emptyDatabase();
  await migrate({ url });
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

  it('keeps the schemas and tables of others', async () => {
    await run(url, 'create schema shop; create table shop.orders as select 1 as id');
    await run(url, 'create table notes as select 2 as id');
    expect(await reset(['--yes'])).toMatchObject({ code: 0 });
    expect(await run(url, 'select id from shop.orders')).toEqual([{ id: 1 }]);
    expect(await run(url, 'select id from public.notes')).toEqual([{ id: 2 }]);
  });

  it('keeps functions of others that are named like ours, and what uses them or ours', async () => {
    const overloads = `
      create function public.wallet_address(text) returns text language sql return 'theirs';
      create function public.uuidv7(shift int) returns uuid language sql return gen_random_uuid();
    `;
    await run(url, overloads);
    await run(
      url,
      `create table notes (
         id uuid default uuidv7(),
         other uuid default public.uuidv7(1),
         address text default public.wallet_address('x')
       )`,
    );
    await run(url, 'create table drizzle.theirs as select 3 as id');
    expect(await reset(['--yes'])).toMatchObject({ code: 0 });
    await run(url, 'insert into notes default values');
    expect(await run(url, 'select address, num_nonnulls(id, other) as ids from notes')).toEqual([
      { address: 'theirs', ids: 2 },
    ]);
    expect(await run(url, 'select id from drizzle.theirs')).toEqual([{ id: 3 }]);
    expect(await isThere()).toBe(false);
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

  it('refuses without a terminal and without --yes', async () => {
    const result = await reset([]);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('it wants --yes');
    expect(await isThere()).toBe(true);
  });

  it('refuses production without --force, whatever --yes says, and wants --yes with it', async () => {
    const env = { NODE_ENV: 'production' };
    const unforced = await reset(['--yes'], env);
    expect(unforced).toMatchObject({ code: 1, stdout: '' });
    expect(unforced.stderr).toContain('NODE_ENV is production');
    const unasked = await reset(['--force'], env);
    expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') });
    expect(await isThere()).toBe(true);
    expect(await reset(['--force', '--yes'], env)).toMatchObject({ code: 0 });
    expect(await isThere()).toBe(false);
  });

  it.each([
    ['named by the URL', () => 'postgres://azora:S3cret@db.example.com/azora'],
    ['hidden in a parameter', () => `${url}?host=db.example.com`],
  ])('refuses a host that is not local, %s', async (_how, remote) => {
    const { code, stderr, stdout } = await reset(['--yes'], { DATABASE_URL: remote() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('db.example.com, which is not this machine');
    expect(stderr).not.toContain('S3cret');
    expect(await isThere()).toBe(true);
  });

  it('refuses a host that only PGHOST names', async () => {
    const env = { DATABASE_URL: `postgres:///${nameOf()}`, PGHOST: 'db.example.com' };
    const { code, stderr } = await reset(['--yes'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('db.example.com, which is not this machine');
  });
});

describe('dropAll', () => {
  it('names the sessions that use the tables, and drops nothing', async () => {
    const blocker = new pg.Client({ connectionString: url, application_name: 'report of the day' });
    await blocker.connect();
    try {
      await blocker.query('begin');
      await blocker.query('select from marketplace.skills');
      const { rows } = await blocker.query('select pg_backend_pid() as pid');
      const error = await rejection(dropAll({ url, lockTimeoutMs: 100 }));
      expect(error).toMatchObject({ name: 'MigrationError', code: 'RESET_BLOCKED' });
      expect(error.message).toContain(`${rows[0].pid} (report of the day, idle in transaction)`);
      expect(error.message).toContain(`select pg_terminate_backend(${rows[0].pid})`);
    } finally {
      await blocker.end();
    }
    expect(await isThere()).toBe(true);
  });

  it('does not name a session that only waits for them', async () => {
    const blocker = await open(url);
    const waiter = await open(url);
    try {
      await blocker.query('begin; select from marketplace.skills');
      const { rows } = await waiter.query('select pg_backend_pid() as pid');
      const waiting = waiter.query('begin; lock table marketplace.skills; rollback');
      const isWaiting = `select from pg_locks where pid = ${rows[0].pid} and not granted`;
      await waitFor('it waits', async () => (await run(url, isWaiting)).length === 1);
      const error = await rejection(dropAll({ url, lockTimeoutMs: 100 }));
      expect(error.message).toMatch(/By process id: \d+ \(no name, idle in transaction\)\. Stop/);
      await blocker.query('rollback');
      await waiting;
    } finally {
      await blocker.end();
      await waiter.end();
    }
  });

  it("keeps a function in public that has ours' arguments and not our comment", async () => {
    await run(url, `comment on function public.wallet_address(uuid, text) is 'Theirs'`);
    await dropAll({ url });
    const find = `select to_regprocedure('public.wallet_address(uuid, text)') is not null as kept`;
    expect(await run(url, find)).toEqual([{ kept: true }]);
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
    expect(code).toBe(1);
    expect(output).toContain('Nothing was deleted');
    expect(await isThere()).toBe(true);
  });
});
