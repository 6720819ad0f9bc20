import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ConnectOptions, connect } from '../../src/db/connect.ts';
import { readJournal } from '../../src/journal.ts';
import { rejection } from '../setup/errors.ts';
import { useEmptyTestDatabase, useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const empty = useEmptyTestDatabase();

/** A role of this file's own, whose password is `hunter2`, on the given database. */
const role = `azora_connect_test_${process.pid}`;
const PASSWORD = 'hunter2';

function urlWith(url: string, change: (parts: URL) => void): string {
  const parts = new URL(url);
  change(parts);
  return parts.href;
}

function asRole(url: string, password = PASSWORD): string {
  return urlWith(url, (parts) => {
    parts.username = role;
    parts.password = password;
  });
}

function withParameter(url: string, name: string, value: string): string {
  return urlWith(url, (parts) => parts.searchParams.set(name, value));
}

async function refusal(options: ConnectOptions): Promise<Error> {
  return rejection(connect({ connectTimeoutMs: 5_000, ...options }));
}

beforeAll(async () => {
  await database.db.$client.query(`create role ${role} login password '${PASSWORD}'`);
});

afterAll(async () => {
  await database.db.$client.query(`drop owned by ${role}`);
  await database.db.$client.query(`drop role ${role}`);
});

describe('connect refuses', () => {
  test.each([
    'http://user:hunter2@localhost/shop',
    'postgres://user:hunter2@localhost:99999/shop',
    'postgres://user:hun#ter2@localhost/shop',
    'hunter2',
  ])('a malformed URL without repeating it: %s', async (url) => {
    const error = await refusal({ url });
    expect(error).toMatchObject({ name: 'ConnectError', code: 'URL_MALFORMED' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toMatch(/hunter2|hun#ter2/);
  });

  test('to guess a URL', async () => {
    const before = process.env.DATABASE_URL;
    delete process.env.DATABASE_URL;
    try {
      expect(await refusal({})).toMatchObject({ code: 'URL_MISSING' });
    } finally {
      if (before !== undefined) process.env.DATABASE_URL = before;
    }
  });

  test('a server that is not there', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const error = await refusal({ url: `postgres://user:${PASSWORD}@127.0.0.1:${port}/shop` });
    expect(error).toMatchObject({ code: 'SERVER_DOWN' });
    expect(error.message).toBe(
      `nothing answers at 127.0.0.1:${port} (ECONNREFUSED): start the server or correct the URL`,
    );
  });

  test('a host that nobody knows', async () => {
    const error = await refusal({ url: `postgres://user:${PASSWORD}@nowhere.invalid/shop` });
    expect(error).toMatchObject({ code: 'SERVER_DOWN' });
    expect(error.message).toContain('the host "nowhere.invalid" is unknown');
  });

  test.each([
    // A short wait only where there is nothing but silence to wait for.
    ['says nothing', () => {}, 200, /did not answer within connectTimeoutMs/],
    ['hangs up', (socket: Socket) => socket.destroy(), 30_000, /closed the connection|ECONNRESET/],
  ])('something that %s', async (_what, onSocket, connectTimeoutMs, message) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      onSocket(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const url = `postgres://user:${PASSWORD}@127.0.0.1:${port}/shop`;
      const error = await refusal({ url, connectTimeoutMs });
      expect(error).toMatchObject({ code: 'SERVER_DOWN' });
      expect(error.message).toMatch(message);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });

  test('a wrong password, and does not repeat it', async () => {
    const error = await refusal({ url: asRole(database.url, 'hunter3') });
    expect(error).toMatchObject({ code: 'PASSWORD_WRONG' });
    expect(error.message).toContain(`does not accept this password for user "${role}"`);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('hunter3');
  });

  test('a URL without the password that the server asks for', async () => {
    const error = await refusal({ url: asRole(database.url, '') });
    expect(error).toMatchObject({ code: 'PASSWORD_WRONG' });
    expect(error.message).toContain('the URL has none');
  });

  test('a database that does not exist', async () => {
    const url = urlWith(database.url, (parts) => {
      parts.pathname = '/no_such_shop';
    });
    const error = await refusal({ url });
    expect(error).toMatchObject({ code: 'DATABASE_MISSING' });
    expect(error.message).toContain('has no database "no_such_shop"');
  });

  test('a database that the role may not enter', async () => {
    const admin = await connect({ url: empty.url, requireMigrated: false });
    try {
      const name = new URL(empty.url).pathname.slice(1);
      await admin.$client.query(`revoke connect on database ${name} from public`);
      expect(await refusal({ url: asRole(empty.url) })).toMatchObject({ code: 'ACCESS_DENIED' });
    } finally {
      await admin.close();
    }
  });

  test('a server without a connection left for the role', async () => {
    const { $client } = database.db;
    await $client.query(`alter role ${role} connection limit 0`);
    try {
      const error = await refusal({ url: asRole(database.url) });
      expect(error).toMatchObject({ code: 'TOO_MANY_CONNECTIONS' });
    } finally {
      await $client.query(`alter role ${role} connection limit -1`);
    }
  });

  test('a server that refuses a setting of the URL', async () => {
    const url = withParameter(database.url, 'options', '-c no_such_setting=1');
    expect(await refusal({ url })).toMatchObject({ code: 'STARTUP_REFUSED' });
  });

  test('to go on without the TLS that the URL asks for', async () => {
    const url = withParameter(database.url, 'sslmode', 'verify-full');
    expect(await refusal({ url })).toMatchObject({ code: 'TLS_FAILED' });
  });

  test('a certificate file that is not there', async () => {
    const url = withParameter(database.url, 'sslmode', 'verify-full');
    const error = await refusal({ url: `${url}&sslrootcert=/no/such/root.crt` });
    expect(error).toMatchObject({ code: 'TLS_FAILED' });
    expect(error.message).toContain('cannot be read');
  });

  test('a server older than 15', async () => {
    // A function found before the built-in of the same name: the server claims to be PostgreSQL 14.
    const admin = await connect({ url: database.url });
    await admin.$client.query(`create schema older`);
    await admin.$client.query(
      `create function older.current_setting(text) returns text language sql return '140011'`,
    );
    await admin.close();
    const url = withParameter(database.url, 'options', '-c search_path=older,pg_catalog');
    const error = await refusal({ url });
    expect(error).toMatchObject({ code: 'SERVER_TOO_OLD' });
    expect(error.message).toBe('the server is PostgreSQL 14, and 15 or later is needed');
  });

  test('a database without migrations, and names the first that is missing', async () => {
    const error = await refusal({ url: empty.url });
    expect(error).toMatchObject({ code: 'NOT_MIGRATED' });
    expect(error.message).toContain(`the first is ${readJournal()[0]?.tag}`);
  });

  test('a database without the latest migration, and names it', async () => {
    const latest = readJournal().at(-1);
    const { $client } = database.db;
    const { rows } = await $client.query(
      'delete from azora_db.migrations where created_at = $1 returning *',
      [latest?.when],
    );
    expect(rows).toHaveLength(1);
    try {
      const error = await refusal({ url: database.url });
      expect(error).toMatchObject({ code: 'NOT_MIGRATED' });
      expect(error.message).toContain(`lacks a migration ${latest?.tag}`);
    } finally {
      await $client.query(
        'insert into azora_db.migrations (id, hash, created_at) values ($1, $2, $3)',
        [rows[0].id, rows[0].hash, rows[0].created_at],
      );
    }
  });

  test('a role that cannot read which migrations there are', async () => {
    const error = await refusal({ url: asRole(database.url) });
    expect(error).toMatchObject({ code: 'MIGRATIONS_UNREADABLE' });
  });

  test.each([
    ['max', { max: 0 }],
    ['statementTimeoutMs', { statementTimeoutMs: -1 }],
    ['lockTimeoutMs', { lockTimeoutMs: 0.5 }],
  ])('an option that makes no sense: %s', async (field, options) => {
    const error = await refusal({ url: database.url, ...options });
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field });
  });
});

describe('connect finds', () => {
  test('a server without TLS by sslmode=prefer, in the URL or PGSSLMODE', async () => {
    const url = withParameter(database.url, 'sslmode', 'prefer');
    await (await connect({ url })).close();
    const bare = urlWith(database.url, (parts) => parts.searchParams.delete('sslmode'));
    vi.stubEnv('PGSSLMODE', 'prefer');
    try {
      await (await connect({ url: bare })).close();
      vi.stubEnv('PGSSLMODE', 'require');
      expect(await refusal({ url: bare })).toMatchObject({ code: 'TLS_FAILED' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('a database whose name has to be encoded', async () => {
    const name = `azora a@b/c?d%e ${process.pid}`;
    const { $client } = database.db;
    await $client.query(`create database "${name}"`);
    try {
      const url = urlWith(database.url, (parts) => {
        parts.pathname = `/${encodeURIComponent(name)}`;
      });
      const db = await connect({ url, requireMigrated: false });
      const { rows } = await db.$client.query('select current_database() as name');
      await db.close();
      expect(rows[0]).toEqual({ name });
    } finally {
      await $client.query(`drop database "${name}"`);
    }
  });
});
