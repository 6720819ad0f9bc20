import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/connect.ts';
import { statement } from '../../src/db/statement.ts';
import { transaction } from '../../src/db/transaction.ts';
import { InvalidInputError } from '../../src/errors.ts';
import { rejection } from '../setup/errors.ts';
import { useScratchDatabase } from '../setup/scratch-database.ts';

const database = useScratchDatabase(
  `
  create table items (id integer primary key, amount bigint not null, label text);
  insert into items values (1, 9007199254740993, 'one'), (2, 2, 'decoy');
  `,
  { max: 3 },
);
// One connection, so that what is prepared on it can be looked at.
const single = useScratchDatabase('create table items (id integer primary key, amount integer)', {
  max: 1,
});

const findItem = statement<{ id: number; amount: bigint }>(
  'items_find',
  'select id, amount from items where id = $1',
);

async function listPrepared(db: Db): Promise<string[]> {
  const list = sql`select name from pg_prepared_statements where name <> '' order by name`;
  return (await db.execute<{ name: string }>(list)).rows.map((row) => row.name);
}

describe('statement', () => {
  test('returns rows with bigints, and only the rows asked for', async () => {
    expect(await findItem(database.db, [1])).toEqual([{ id: 1, amount: 9007199254740993n }]);
    expect(await findItem(database.db, [3])).toEqual([]);
  });

  test('is prepared once, under its label and a hash, for the pool and transactions alike', async () => {
    const { db } = single;
    const count = statement<{ n: bigint }>('items_count', 'select count(*) as n from items');
    await count(db);
    await count(db);
    await transaction(db, (tx) => count(tx));
    const names = await listPrepared(db);
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^items_count_[0-9a-f]{8}$/);
  });

  test('keeps two texts under one label apart on one connection', async () => {
    const { db } = single;
    const one = statement<{ x: number }>('same_label', 'select 1 as x');
    const two = statement<{ x: number }>('same_label', 'select 2 as x');
    expect([await one(db), await two(db), await one(db)]).toEqual([
      [{ x: 1 }],
      [{ x: 2 }],
      [{ x: 1 }],
    ]);
  });

  test("runs on the transaction's connection", async () => {
    const inside = await transaction(database.db, async (tx) => {
      await tx.execute(sql`insert into items values (10, 10)`);
      expect(await findItem(database.db, [10])).toEqual([]);
      const rows = await findItem(tx, [10]);
      await tx.execute(sql`delete from items where id = 10`);
      return rows;
    });
    expect(inside).toEqual([{ id: 10, amount: 10n }]);
  });

  test('prepares anew after a migration changed a column, on every connection', async () => {
    const { db } = database;
    const find = statement<{ label: unknown }>(
      'items_label',
      'select label from items where id = $1',
    );
    const onAll = () => Promise.all([1, 1, 1].map((id) => find(db, [id])));
    expect(await onAll()).toEqual([[{ label: 'one' }], [{ label: 'one' }], [{ label: 'one' }]]);
    expect(db.$client.totalCount).toBe(3);

    await db.execute(sql`alter table items alter label type integer using length(label)`);
    expect(await onAll()).toEqual([[{ label: 3 }], [{ label: 3 }], [{ label: 3 }]]);
    expect(db.$client.totalCount).toBe(3);

    await db.execute(sql`alter table items alter label type bigint`);
    expect(await onAll()).toEqual([[{ label: 3n }], [{ label: 3n }], [{ label: 3n }]]);
    // The three callers that found it stale at once agreed on one new name, both times.
    const names = (await listPrepared(db)).filter((name) => name.startsWith('items_label_'));
    const suffixes = names.map((name) => name.slice('items_label_01234567'.length));
    expect(['', '_1', '_2']).toEqual(expect.arrayContaining(suffixes));
  });

  test('gone stale inside a transaction makes the transaction run again', async () => {
    const { db } = single;
    const find = statement<{ amount: unknown }>(
      'items_amount',
      'select amount from items where id = $1',
    );
    await db.execute(sql`insert into items values (1, 7)`);
    expect(await find(db, [1])).toEqual([{ amount: 7 }]);

    await db.execute(sql`alter table items alter amount type text`);
    let runs = 0;
    const rows = await transaction(db, async (tx) => {
      runs += 1;
      await tx.execute(sql`insert into items values (${100 + runs}, 'kept once')`);
      return find(tx, [1]);
    });
    expect(rows).toEqual([{ amount: '7' }]);
    expect(runs).toBe(2);
    const kept = await db.execute(sql`select id from items where amount = 'kept once'`);
    expect(kept.rows).toEqual([{ id: 102 }]);

    await db.execute(sql`alter table items alter amount type bigint using 8`);
    const once = transaction(db, (tx) => find(tx, [1]), { maxAttempts: 1 });
    expect(await rejection(once)).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      cause: { name: 'RetryableError', code: 'STALE_PLAN' },
    });
  });

  test('does not take another "not supported" for a stale plan', async () => {
    let asked = 0;
    const lock = statement('window_lock', 'select count(*) over () from items for update');
    const error = await rejection(
      transaction(database.db, (tx) => {
        asked += 1;
        return lock(tx);
      }),
    );
    expect(error).toMatchObject({ code: 'SQL_ERROR', sqlState: '0A000' });
    expect(asked).toBe(1);
  });

  test("translates errors, with the caller in the error's stack", async () => {
    const insert = statement('items_insert', 'insert into items (id, amount) values ($1, $2)');
    async function thisCaller() {
      await insert(database.db, [1, 5n]);
    }
    const error = await rejection(thisCaller());
    expect(error).toMatchObject({ name: 'ConstraintError', constraint: 'items_pkey' });
    expect(error.stack).toContain('thisCaller');
  });

  test('refuses a handle over a single connection without a transaction, and one over nothing', async () => {
    const client = await database.db.$client.connect();
    try {
      // @ts-expect-error the types refuse it too
      expect(() => findItem(drizzle({ client }), [1])).toThrow(InvalidInputError);
    } finally {
      client.release();
    }
    // @ts-expect-error the types refuse it too
    expect(() => findItem(drizzle.mock(), [1])).toThrow(InvalidInputError);
  });

  test.each(['', 'Upper', 'with space', '1st', 'x'.repeat(46)])(
    'refuses the label "%s"',
    (label) => {
      expect(() => statement(label, 'select 1')).toThrow(TypeError);
    },
  );

  test('has names that the server does not cut off', async () => {
    const long = statement<{ n: number }>('x'.repeat(45), 'select 1 as n');
    await long(single.db);
    const names = await listPrepared(single.db);
    expect(names.some((name) => /^x{45}_[0-9a-f]{8}$/.test(name))).toBe(true);
  });
});
