import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../../src/db/connect.ts';
import { statement } from '../../src/db/statement.ts';
import { transaction } from '../../src/db/transaction.ts';
import { InvalidInputError } from '../../src/errors.ts';
import { rejection } from '../setup/errors.ts';
import { plainPool } from '../setup/plain-pool.ts';
import { useEmptyTestDatabase, useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const empty = useEmptyTestDatabase();

const pools: pg.Pool[] = [];
afterAll(() => Promise.all(pools.map((pool) => pool.end())));

function poolOf(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = plainPool(url, options);
  pools.push(pool);
  return pool;
}

const countAll = statement<{ n: bigint; at: Date }>('one', 'select 1::bigint as n, now() as at');

describe('connect with a pool', () => {
  test('returns a database over it, and leaves its own reading as it was', async () => {
    const pool = poolOf(database.url);
    const db = await connect({ pool });
    expect(db.$client).toBe(pool);
    const row = { n: 1n, at: expect.any(Date) };
    expect(await countAll(db)).toEqual([row]);
    expect(await transaction(db, (tx) => countAll(tx))).toEqual([row]);
    expect((await pool.query('select 1::bigint as n')).rows).toEqual([{ n: '1' }]);
  });

  test('leaves it open: on close, and when the database lacks a migration', async () => {
    const pool = poolOf(database.url);
    await (await connect({ pool })).close();
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }]);

    const bare = poolOf(empty.url);
    const name = new URL(empty.url).pathname.slice(1);
    const error = await rejection(connect({ pool: bare }));
    expect(error).toMatchObject({ code: 'NOT_MIGRATED' });
    expect(error.message).toContain(`"${name}"`);
    expect((await bare.query('select 1 as n')).rows).toEqual([{ n: 1 }]);
    expect(await countAll(await connect({ pool: bare, requireMigrated: false }))).toHaveLength(1);
  });

  test('adds no listener to it', async () => {
    const pool = poolOf(database.url);
    const count = () => pool.listenerCount('error') + pool.listenerCount('connect');
    const before = count();
    await connect({ pool });
    expect(count()).toBe(before);
  });

  test('knows the deadline by the statement_timeout of its sessions', async () => {
    const pool = poolOf(database.url, { statement_timeout: 1_000 });
    const { session } = (await connect({ pool }))._;
    expect(session).toMatchObject({ executor: { deadlineMs: 6_000 } });
  });

  test('says what is wrong with a pool that has only a connection string', async () => {
    const url = new URL(database.url);
    url.pathname = '/no_such_database';
    const error = await rejection(connect({ pool: poolOf(url.href) }));
    expect(error).toMatchObject({ code: 'DATABASE_MISSING' });
    expect(error.message).toContain(
      `${url.hostname}:${url.port} has no database "no_such_database"`,
    );
  });

  test.each<ConnectOptions>([{ url: 'postgres://elsewhere' }, { max: 3 }, { lockTimeoutMs: 1 }])(
    'refuses settings of another pool beside it: %o',
    async (options) => {
      const pool = poolOf(database.url);
      const [field] = Object.keys(options);
      expect(await rejection(connect({ pool, ...options }))).toMatchObject({ field });
      expect(pool.totalCount).toBe(0);
    },
  );

  test('refuses what is no pool', async () => {
    const pool = new pg.Client() as unknown as pg.Pool;
    expect(await rejection(connect({ pool }))).toMatchObject({ field: 'pool' });
  });

  test('refuses a pool of a release of pg that cannot say whether a transaction is open', async () => {
    class Older extends pg.Client {}
    Object.assign(Older.prototype, { getTransactionStatus: undefined });
    const db = await connect({ pool: poolOf(database.url, { Client: Older as never }) });
    expect(await countAll(db)).toHaveLength(1);
    expect(await rejection(transaction(db, (tx) => countAll(tx)))).toBeInstanceOf(
      InvalidInputError,
    );
    expect(db.$client.idleCount).toBe(1);
  });
});

describe('connect', () => {
  test('reads dates in a database that prints them in another way', async () => {
    const name = new URL(empty.url).pathname.slice(1);
    await poolOf(empty.url).query(`alter database ${name} set datestyle = 'German'`);
    const db = await connect({ url: empty.url, requireMigrated: false });
    expect(await countAll(db)).toEqual([{ n: 1n, at: expect.any(Date) }]);
    await db.close();
  });
});
