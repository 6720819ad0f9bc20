import { createRequire } from 'node:module';
import { eq, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { bigint, integer, pgTable } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { retryConflicts } from '../../src/db/retry.ts';
import { type Db, isInTransaction } from '../../src/db/session.ts';
import { statement } from '../../src/db/statement.ts';
import { transaction } from '../../src/db/transaction.ts';
import { InvalidInputError } from '../../src/errors.ts';
import { rejection } from '../setup/errors.ts';
import { plainPool } from '../setup/plain-pool.ts';
import { startProxy } from '../setup/proxy.ts';
import { useScratchDatabase } from '../setup/scratch-database.ts';
import { waitFor } from '../setup/wait-for.ts';

const items = pgTable('items', {
  id: integer('id').primaryKey(),
  amount: bigint('amount', { mode: 'bigint' }).notNull(),
});
const schema = { items };

const database = useScratchDatabase(`
  create table items (id integer primary key, amount bigint not null constraint items_amount_check check (amount >= 0));
  create sequence tries;
  create function fail_once() returns bigint language plpgsql as $$
  declare
    try bigint := nextval('tries');
  begin
    if try = 1 then
      raise exception using errcode = 'serialization_failure';
    end if;
    return try;
  end $$;
`);

let pool: pg.Pool;
let plain: NodePgDatabase<typeof schema> & { $client: pg.Pool };

beforeAll(() => {
  pool = plainPool(database.url, { max: 2 });
  plain = drizzle({ client: pool, schema });
});
beforeEach(() => database.db.$client.query("truncate items; select setval('tries', 1, false)"));
afterAll(() => pool.end());

const insertItem = statement<{ amount: bigint }>(
  'items_insert',
  'insert into items values ($1, $2) returning amount',
);
const findItem = statement<{ amount: bigint; now: Date; day: string }>(
  'items_find',
  `select amount, clock_timestamp() as now, date '2026-02-03' as day
  from items
  where id = $1`,
);
const failOnce = statement<{ try: bigint }>('fail_once', 'select fail_once() as try');

async function amounts(): Promise<bigint[]> {
  const rows = await database.db.select().from(items).orderBy(items.id);
  return rows.map(({ amount }) => amount);
}

describe('a plain drizzle(pool)', () => {
  test('reads our statements as we do, and its own as before, on one connection', async () => {
    const one = plainPool(database.url, { max: 1 });
    try {
      const db = drizzle({ client: one });
      const big = 2n ** 53n + 1n;
      expect(await insertItem(db, [1, big])).toEqual([{ amount: big }]);
      const [found] = await findItem(db, [1]);
      expect(found).toEqual({ amount: big, now: expect.any(Date), day: '2026-02-03' });
      const { rows } = await one.query('select amount from items');
      expect(rows).toEqual([{ amount: `${big}` }]);
      const [own] = await db.select().from(items).where(eq(items.id, 1));
      expect(own?.amount).toBe(big);
    } finally {
      await one.end();
    }
  });

  test('gets our errors, which carry no values, and keeps its connection', async () => {
    const error = await rejection(insertItem(plain, [1, -5n]));
    expect(error).toMatchObject({ name: 'ConstraintError', constraint: 'items_amount_check' });
    expect(pool.totalCount).toBe(pool.idleCount);
    expect(pool.totalCount).toBeGreaterThan(0);
  });

  test('repeats a statement that lost a conflict, and transaction() a callback', async () => {
    expect(await retryConflicts(plain, () => failOnce(plain))).toEqual([{ try: 2n }]);
    await plain.execute(sql`select setval('tries', 1, false)`);
    let runs = 0;
    const done = await transaction(plain, async (tx) => {
      runs += 1;
      await insertItem(tx, [runs, 1n]);
      return failOnce(tx);
    });
    expect(done).toEqual([{ try: 2n }]);
    expect(runs).toBe(2);
    expect(await amounts()).toEqual([1n]);
  });

  test('loses a call with a broken connection, and not the process', async () => {
    const proxy = await startProxy(database.url);
    const broken = new pg.Pool({ connectionString: proxy.url });
    broken.on('error', () => {});
    const db = drizzle({ client: broken });
    const sleep = statement('sleep', 'select pg_sleep(60)');
    const lost = rejection(sleep(db));
    await waitFor('the statement runs', async () => {
      const { rows } = await database.db.execute(
        sql`select from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`,
      );
      return rows.length === 1;
    });
    proxy.break();
    expect(await lost).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await insertItem(db, [1, 1n])).toHaveLength(1);
    await broken.end();
    proxy.stop();
  });

  test('leaves no listener behind on its connections', async () => {
    const client = await pool.connect();
    const before = client.listenerCount('error');
    client.release();
    for (let call = 0; call < 5; call += 1) {
      await findItem(plain, [1]);
      await plain.transaction((tx) => findItem(tx, [1]));
      await transaction(plain, (tx) => findItem(tx, [1]));
    }
    const again = await pool.connect();
    expect(again.listenerCount('error')).toBe(before);
    again.release();
  });
});

describe('the tx of a plain db.transaction', () => {
  test('has what we write and what it writes, or neither', async () => {
    const both = (tx: Db) => Promise.all([insertItem(tx, [1, 1n]), insertItem(tx, [2, 2n])]);
    await plain.transaction(async (tx) => {
      await both(tx);
      await tx.insert(items).values({ id: 3, amount: 3n });
      expect(await findItem(tx, [3])).toHaveLength(1);
      expect(await findItem(plain, [3])).toEqual([]);
      expect(isInTransaction(tx)).toBe(true);
    });
    expect(await amounts()).toEqual([1n, 2n, 3n]);

    const undone = plain.transaction(async (tx) => {
      await insertItem(tx, [4, 4n]);
      await tx.insert(items).values({ id: 5, amount: 5n });
      throw new Error('the service thinks again');
    });
    expect((await rejection(undone)).message).toBe('the service thinks again');
    expect(await amounts()).toEqual([1n, 2n, 3n]);
  });

  test('repeats nothing: a conflict goes out of it as a RetryableError', async () => {
    const lost = plain.transaction((tx) => retryConflicts(tx, () => failOnce(tx)));
    expect(await rejection(lost)).toMatchObject({ code: 'SERIALIZATION_FAILURE' });
    expect(await failOnce(plain)).toEqual([{ try: 2n }]);
  });

  test('has a savepoint in transaction(), which undoes only what is inside', async () => {
    await plain.transaction(async (tx) => {
      await insertItem(tx, [1, 1n]);
      const inner = transaction(tx, async (nested) => {
        await insertItem(nested, [2, 2n]);
        expect(await rejection(findItem(tx, [1]))).toMatchObject({ code: 'TRANSACTION_OVERLAP' });
        await insertItem(nested, [3, -3n]);
      });
      expect(await rejection(inner)).toMatchObject({ constraint: 'items_amount_check' });
      await transaction(tx, (nested) => insertItem(nested, [4, 4n]));
      // And one of Drizzle's own in it.
      await tx.transaction((nested) => insertItem(nested, [5, 5n]));
    });
    expect(await amounts()).toEqual([1n, 4n, 5n]);
  });

  test('says of which statement it failed, until a savepoint undid that', async () => {
    await plain.transaction(async (tx) => {
      const nested = tx.transaction(async (inner) => {
        const cause = await rejection(insertItem(inner, [1, -1n]));
        expect(await rejection(findItem(inner, [1]))).toMatchObject({ cause });
      });
      expect(await rejection(nested)).toMatchObject({ cause: { code: '25P02' } });
      expect(await insertItem(tx, [2, 2n])).toHaveLength(1);
      await rejection(tx.execute(sql`select 1 / 0`));
      const aborted = await rejection(findItem(tx, [2]));
      expect(aborted).toMatchObject({ code: 'TRANSACTION_ABORTED' });
      expect(aborted.cause).toBeUndefined();
    });
    // Drizzle takes a COMMIT that became ROLLBACK for one.
    expect(await amounts()).toEqual([]);
  });

  test('is asked for its isolation and access only where they matter', async () => {
    const isolated = (tx: Db) => transaction(tx, findNothing, { isolation: 'repeatable read' });
    const writing = (tx: Db) => transaction(tx, findNothing, { accessMode: 'read write' });
    expect(await rejection(plain.transaction(isolated))).toMatchObject({ field: 'isolation' });
    await plain.transaction(isolated, { isolationLevel: 'repeatable read' });
    const readOnly = { accessMode: 'read only' } as const;
    const refused = plain.transaction(writing, readOnly);
    expect(await rejection(refused)).toMatchObject({ field: 'accessMode' });
    await plain.transaction(async (tx) => {
      const reading = transaction(tx, (nested) => insertItem(nested, [1, 1n]), readOnly);
      expect(await rejection(reading)).toMatchObject({ sqlState: '25006' });
      await insertItem(tx, [2, 2n]);
    });
    expect(await amounts()).toEqual([2n]);
  });

  test('is refused after its end', async () => {
    let kept: Db = plain;
    await plain.transaction(async (tx) => {
      kept = tx;
    });
    expect(await rejection(findItem(kept, [1]))).toMatchObject({ code: 'TRANSACTION_ENDED' });
    const again = transaction(kept, (tx) => findItem(tx, [1]));
    expect(await rejection(again)).toMatchObject({ code: 'TRANSACTION_ENDED' });
  });
});

describe('other handles', () => {
  test('of another copy of drizzle-orm are as good', async () => {
    const copy = createRequire(import.meta.url)('drizzle-orm/node-postgres');
    expect(copy.drizzle).not.toBe(drizzle);
    const db: NodePgDatabase & { $client: pg.Pool } = copy.drizzle({ client: pool });
    await insertItem(db, [1, 1n]);
    await rejection(
      db.transaction(async (tx) => {
        await insertItem(tx, [2, 2n]);
        throw new Error('undo');
      }),
    );
    expect(await amounts()).toEqual([1n]);
  });

  test('over one connection are a transaction while it is in one, and are refused else', async () => {
    const client = await pool.connect();
    // No type says whether it is in one.
    const db = drizzle({ client }) as unknown as Db;
    await client.query('begin');
    await insertItem(db, [1, 1n]);
    await client.query('rollback');
    expect(() => findItem(db, [1])).toThrow(InvalidInputError);
    client.release();
    expect(await amounts()).toEqual([]);
  });

  test('in a session that prints dates in another way are refused, instead of read wrongly', async () => {
    const options = '-c DateStyle=German';
    const german = plainPool(database.url, { options });
    const db = drizzle({ client: german });
    await insertItem(db, [1, 1n]);
    expect(await rejection(findItem(db, [1]))).toMatchObject({ code: 'DATE_STYLE' });
    await german.end();
  });
});

async function findNothing(tx: Db): Promise<void> {
  expect(await findItem(tx, [0])).toEqual([]);
}
