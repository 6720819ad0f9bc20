import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import { bigint, date, pgTable, timestamp } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { Database, Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { pidOf } from '../setup/pid-of.ts';
import { startProxy } from '../setup/proxy.ts';
import { useScratchDatabase } from '../setup/scratch-database.ts';
import { waitFor } from '../setup/wait-for.ts';

const database = useScratchDatabase(`
  create table numbers (n bigint primary key, at timestamptz, day date, many bigint[]);
  insert into numbers values
    (9223372036854775807, '2026-11-22 12:00:00.123456+02', '2026-11-22', '{1,null,-9223372036854775808}')
`);

const open = useOpen(database);

async function settingsOf(db: Database) {
  const { rows } = await db.$client.query(`
    select json_object_agg(name, setting) as settings
    from pg_settings
    where name in (
      'application_name', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'TimeZone',
      'default_transaction_isolation'
    )
  `);
  return rows[0].settings;
}

function pool(db: Database) {
  const { totalCount, idleCount, waitingCount } = db.$client;
  return { totalCount, idleCount, waitingCount };
}

describe('connect', () => {
  test('sets documented timeouts, a name, UTC and the isolation of single statements', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.db.$client.query(`
      alter database ${name} set timezone = 'Africa/Johannesburg';
      alter database ${name} set default_transaction_isolation = 'repeatable read';
    `);
    const db = await open();
    expect(await settingsOf(db)).toEqual({
      application_name: 'azora-db',
      statement_timeout: '30000',
      lock_timeout: '5000',
      idle_in_transaction_session_timeout: '30000',
      TimeZone: 'UTC',
      default_transaction_isolation: 'read committed',
    });
    expect(db.$client.options).toMatchObject({ max: 10, connectionTimeoutMillis: 5_000 });
  });

  test('leaves a transaction the isolation that it asks for, and the URL the last word on the default', async () => {
    const isolationOf = async (on: Db) => {
      const { rows } = await on.execute<{ transaction_isolation: string }>(
        sql`show transaction_isolation`,
      );
      return rows[0]?.transaction_isolation;
    };
    const db = await open();
    expect(await isolationOf(db)).toBe('read committed');
    for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
      expect(await transaction(db, isolationOf, { isolation })).toBe(isolation);
    }
    const url = new URL(database.url);
    url.searchParams.set('options', '-c default_transaction_isolation=serializable');
    const fromUrl = await open({ url: url.href });
    expect(await isolationOf(fromUrl)).toBe('serializable');
    expect(await transaction(fromUrl, isolationOf)).toBe('read committed');
  });

  test('takes the URL over a default and an option over the URL', async () => {
    const url = new URL(database.url);
    url.searchParams.set('application_name', 'from-url');
    url.searchParams.set('statement_timeout', '1001');
    url.searchParams.set(
      'options',
      '-c lock_timeout=1002 -c idle_in_transaction_session_timeout=1003',
    );
    const options = { applicationName: 'from-option', idleInTransactionTimeoutMs: 0 };
    const fromUrl = await open({ url: url.href });
    const fromBoth = await open({ url: url.href, ...options });
    const expected = { statement_timeout: '1001', lock_timeout: '1002' };
    expect(await settingsOf(fromUrl)).toMatchObject({
      ...expected,
      application_name: 'from-url',
      idle_in_transaction_session_timeout: '1003',
    });
    expect(await settingsOf(fromBoth)).toMatchObject({
      ...expected,
      application_name: 'from-option',
      idle_in_transaction_session_timeout: '0',
    });
  });

  test('reads int8 as bigint on its own connections, and leaves the rest of the process alone', async () => {
    const before = pg.types.getTypeParser(pg.types.builtins.INT8);
    const db = await open();
    const { rows } = await db.$client.query('select n, day, many, at from numbers');
    expect(rows[0]).toEqual({
      n: 9223372036854775807n,
      day: '2026-11-22',
      many: [1n, null, -9223372036854775808n],
      at: new Date('2026-11-22T10:00:00.123Z'),
    });
    expect(pg.types.getTypeParser(pg.types.builtins.INT8)).toBe(before);

    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    const others = await other.query('select n from numbers');
    await other.end();
    expect(others.rows[0].n).toBe('9223372036854775807');
  });

  test("leaves columns to Drizzle's builder, and returns text from execute", async () => {
    const db = await open();
    const numbers = pgTable('numbers', {
      n: bigint('n', { mode: 'bigint' }),
      at: timestamp('at', { withTimezone: true }),
      day: date('day'),
    });
    expect(await db.select().from(numbers)).toEqual([
      { n: 9223372036854775807n, at: new Date('2026-11-22T10:00:00.123Z'), day: '2026-11-22' },
    ]);
    const { rows } = await db.execute(sql`select n, at, day from numbers`);
    expect(rows).toEqual([
      { n: '9223372036854775807', at: '2026-11-22 10:00:00.123456+00', day: '2026-11-22' },
    ]);
  });

  test('shows no password when the database is printed', async () => {
    const url = new URL(database.url);
    expect(url.password).not.toBe('');
    const db = await open();
    await db.$client.query('select 1');
    const printed = inspect(db, { depth: 2 }) + inspect(db.$client, { depth: Infinity });
    expect(printed).toContain(url.username);
    expect(printed).not.toContain(decodeURIComponent(url.password));
  });

  test('outlives the end of an idle connection', async () => {
    const db = await open();
    const pid = await pidOf(db);
    await database.db.execute(sql`select pg_terminate_backend(${pid})`);
    await waitFor('the pool has dropped the connection', () => db.$client.totalCount === 0);
    expect(await pidOf(db)).not.toBe(pid);
  });

  test('outlives the end of a connection that is checked out', async () => {
    const db = await open();
    const ended = db.execute(sql`select pg_terminate_backend(pg_backend_pid()), pg_sleep(60)`);
    expect(await rejection(ended)).toMatchObject({ code: 'CONNECTION_LOST' });
    await waitFor('the pool has dropped the connection', () => db.$client.totalCount === 0);
    expect(await pidOf(db)).toBeGreaterThan(0);
  });

  test('keeps a connection whose statement was refused', async () => {
    const db = await open({ max: 1 });
    const pid = await pidOf(db);
    const insert = db.execute(sql`insert into numbers select n from numbers`);
    expect(await rejection(insert)).toMatchObject({ constraint: 'numbers_pkey' });
    expect(await pidOf(db)).toBe(pid);
  });

  test('says so when every connection stays busy', async () => {
    const db = await open({ max: 1, connectTimeoutMs: 500 });
    const holder = await db.$client.connect();
    try {
      const error = await rejection(db.execute(sql`select 1`));
      expect(error).toMatchObject({ name: 'ConnectError', code: 'POOL_EXHAUSTED' });
    } finally {
      holder.release();
    }
    expect(pool(db)).toEqual({ totalCount: 1, idleCount: 1, waitingCount: 0 });
  });

  test('closes once, and refuses queries afterwards', async () => {
    const db = await open();
    await Promise.all([db.close(), db.close()]);
    await db.close();
    expect(await rejection(db.execute(sql`select 1`))).toMatchObject({ code: 'POOL_CLOSED' });
  });

  test('hangs up at once when it gives up, and leaves no server process waiting', async () => {
    const proxy = await startProxy(database.url);
    try {
      const url = new URL(proxy.url);
      url.password = '';
      expect(await rejection(open({ url: url.href }))).toMatchObject({ code: 'PASSWORD_WRONG' });
      expect(await proxy.firstToHangUp).toBe('client');
    } finally {
      proxy.stop();
    }
  });

  test.each([
    ['a statement', (db: Database) => db.execute(sql`select pg_sleep(60)`)],
    [
      'a statement in a transaction',
      (db: Database) => transaction(db, (tx) => tx.execute(sql`select pg_sleep(60)`)),
    ],
  ])('outlives a network that breaks in the middle of %s', async (_what, run) => {
    const proxy = await startProxy(database.url);
    try {
      const db = await open({ url: proxy.url, applicationName: 'behind-proxy' });
      const refused = rejection(run(db));
      await waitFor('the statement runs', async () => {
        const { rows } = await database.db.execute(
          sql`select from pg_stat_activity where application_name = 'behind-proxy' and wait_event = 'PgSleep'`,
        );
        return rows.length === 1;
      });
      proxy.break();
      expect(await refused).toMatchObject({ name: 'ConnectionLostError', code: 'CONNECTION_LOST' });
      await waitFor('the pool has dropped the connection', () => db.$client.totalCount === 0);
      expect(await pidOf(db)).toBeGreaterThan(0);
      await db.close();
      await database.db.execute(
        sql`select pg_terminate_backend(pid, 60000) from pg_stat_activity where application_name = 'behind-proxy'`,
      );
    } finally {
      proxy.stop();
    }
  });

  test('outlives a connection that breaks in the hands of its user', async () => {
    const db = await open();
    const client = await db.$client.connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await database.db.execute(sql`select pg_terminate_backend(${rows[0].pid}, 60000)`);
    await waitFor('the loss arrived', () =>
      client.query('select 1').then(
        () => false,
        () => true,
      ),
    );
    client.release(true);
    expect(await pidOf(db)).toBeGreaterThan(0);
  });
});
