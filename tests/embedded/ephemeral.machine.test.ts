import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../../src/embedded/index.ts';
import { isAlive } from '../../src/embedded/is-alive.ts';
import { queryOne } from '../setup/query.ts';
import { waitFor } from '../setup/wait-for.ts';
import { spawnWithEmbedded } from './child.ts';

describe('startEmbedded({ ephemeral: true })', () => {
  let server: EmbeddedServer;
  beforeAll(async () => {
    server = await startEmbedded({
      ephemeral: true,
      inMemory: true,
      settings: { work_mem: '7MB' },
    });
  });
  afterAll(async () => {
    await server.stop();
  });

  it('runs PostgreSQL 18 in UTF8, with one collation on every machine, in UTC', async () => {
    const row = await queryOne(
      server.url,
      `select current_setting('server_version') as version, current_database() as database,
         current_setting('server_encoding') as encoding, current_setting('timezone') as timezone,
         datlocprovider as provider, datlocale as locale, lower('ÉÇ') as lowered
       from pg_database
       where datname = current_database()`,
    );
    expect(row).toEqual({
      version: server.serverVersion,
      database: 'azora',
      encoding: 'UTF8',
      timezone: 'UTC',
      provider: 'b',
      locale: 'C.UTF-8',
      lowered: 'éç',
    });
    expect(server.serverVersion).toMatch(/^18\./);
  });

  it('waits for no disk, takes many connections and the settings it was given', async () => {
    const row = await queryOne(
      server.url,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync,
         current_setting('full_page_writes') as pages, current_setting('max_connections') as connections,
         current_setting('work_mem') as work_mem`,
    );
    expect(row).toEqual({
      fsync: 'off',
      sync: 'off',
      pages: 'off',
      connections: '200',
      work_mem: '7MB',
    });
  });

  it('listens on the loopback address only and leaves no socket file', async () => {
    const row = await queryOne(
      server.url,
      `select current_setting('listen_addresses') as addresses,
         current_setting('unix_socket_directories') as sockets`,
    );
    expect(row).toEqual({ addresses: '127.0.0.1', sockets: '' });
  });

  it('lets nobody in without the password', async () => {
    const url = new URL(server.url);
    url.password = 'wrong';
    const client = new pg.Client({ connectionString: url.toString() });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
    const row = await queryOne(
      server.url,
      `select starts_with(rolpassword, 'SCRAM-SHA-256') as scram from pg_authid where rolname = 'postgres'`,
    );
    expect(row).toEqual({ scram: true });
  });

  it('is gone with its data after stop', async () => {
    const other = await startEmbedded({ ephemeral: true });
    expect(existsSync(other.dataDir)).toBe(true);
    await other.stop();
    expect(existsSync(dirname(other.dataDir))).toBe(false);
    await waitFor('the server is gone', () => !isAlive(other.pid));
  });

  it('runs PostgreSQL 15 when asked to', async () => {
    const other = await startEmbedded({ ephemeral: true, inMemory: true, version: 15 });
    try {
      const row = await queryOne(
        other.url,
        `select current_setting('server_version') as version, current_setting('server_encoding') as encoding`,
      );
      expect(row).toEqual({ version: other.serverVersion, encoding: 'UTF8' });
      expect(other.serverVersion).toMatch(/^15\./);
    } finally {
      await other.stop();
    }
  });

  it('goes with its process when that is killed outright, data included', async () => {
    const child = spawnWithEmbedded(
      `const { pid, dataDir } = await embedded.startEmbedded({ ephemeral: true, inMemory: true });
       console.log(JSON.stringify({ pid, dataDir }));
       setInterval(() => {}, 1000);`,
    );
    const [output] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const { pid, dataDir } = JSON.parse(output.toString()) as EmbeddedServer;
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await waitFor('the watchdog has removed the server', () => !isAlive(pid));
    await waitFor('the watchdog has removed the data', () => !existsSync(dirname(dataDir)));
  });

  it('does not keep a process running that has nothing else to do', async () => {
    const child = spawnWithEmbedded(
      `const { pid } = await embedded.startEmbedded({ ephemeral: true });
       console.log(pid);`,
    );
    const [output] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const [status] = await once(child, 'exit');
    expect(status).toBe(0);
    await waitFor('the watchdog has removed the server', () => !isAlive(Number(output)));
  });

  it('refuses a data folder, which it would delete', async () => {
    await expect(startEmbedded({ ephemeral: true, dataDir: 'kept' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'dataDir',
    });
    expect(existsSync('kept')).toBe(false);
  });
});
