import { and, asc, eq, gt, sql } from 'drizzle-orm';
import { bigint, customType, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { columns, type RowOf } from '../../src/db/columns.ts';
import { prepared } from '../../src/db/prepared.ts';
import { statement } from '../../src/db/statement.ts';
import { transaction } from '../../src/db/transaction.ts';
import { rejection } from '../setup/errors.ts';
import { useScratchDatabase } from '../setup/scratch-database.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const items = pgTable('items', {
  id: integer('id').notNull(),
  amount: bigint('amount', { mode: 'bigint' }).notNull(),
  soldAt: timestamp('sold_at', { withTimezone: true, mode: 'date' }),
  details: jsonb('details').$type<unknown>(),
  digest: bytea('digest'),
  label: text('label'),
});

const database = useScratchDatabase(
  `create table items (
     id integer primary key, amount bigint not null, sold_at timestamptz, details jsonb, digest bytea, label text
   );
   insert into items values
     (1, 9007199254740993, '2026-01-02 03:04:05.678Z', '"5"', '\\x0102', 'one'), (2, 2, null, null, null, null);`,
  { max: 1 },
);

const selectItem = prepared('item', { id: items.id }, (query, { id }) =>
  query.select().from(items).where(eq(items.id, id)),
);
const ONE = {
  id: 1,
  amount: 9007199254740993n,
  soldAt: new Date('2026-01-02T03:04:05.678Z'),
  details: '5',
  digest: Buffer.from([1, 2]),
  label: 'one',
};

describe('prepared', () => {
  test('returns what was selected with exact values, and only the rows asked for', async () => {
    expect(await selectItem(database.db, { id: 1 })).toEqual([ONE]);
    expect(await selectItem(database.db, { id: 3 })).toEqual([]);
  });

  test('encodes parameters as their columns do, null among them', async () => {
    const insertItem = prepared(
      'inserted_item',
      { id: items.id, amount: items.amount, soldAt: items.soldAt, details: items.details },
      (query, values) => query.insert(items).values(values).returning(),
    );
    const updateItem = prepared(
      'updated_item',
      { id: items.id, soldAt: items.soldAt },
      (query, { id, soldAt }) =>
        query
          .update(items)
          .set({ soldAt, amount: sql`${items.amount} + 1` })
          .where(and(eq(items.id, id), gt(items.amount, 0n)))
          .returning({ id: items.id, soldAt: items.soldAt, amount: items.amount }),
    );
    const rollback = new Error('rolled back');
    const attempt = transaction(database.db, async (tx) => {
      const values = { id: 7, amount: 2n ** 62n, soldAt: ONE.soldAt, details: ['x', null] };
      expect(await insertItem(tx, values)).toEqual([{ ...values, digest: null, label: null }]);
      expect(await updateItem(tx, { id: 7, soldAt: null })).toEqual([
        { id: 7, soldAt: null, amount: 2n ** 62n + 1n },
      ]);
      // Drizzle 0.45.4 by itself would store the null of JSON.
      await insertItem(tx, { ...values, id: 8, details: null });
      const nulls = sql`select id from items where details is null order by id`;
      expect((await tx.execute(nulls)).rows).toEqual([{ id: 2 }, { id: 8 }]);
      expect(await selectItem(tx, { id: 2 })).toMatchObject([{ amount: 2n, soldAt: null }]);
      throw rollback;
    });
    expect(await rejection(attempt)).toBe(rollback);
  });

  test('is one named statement of the connection, however often it runs', async () => {
    await selectItem(database.db, { id: 1 });
    await selectItem(database.db, { id: 2 });
    const { rows } = await database.db.execute<{ name: string }>(
      sql`select name from pg_prepared_statements where name like 'item\\_%'`,
    );
    expect(rows).toEqual([{ name: expect.stringMatching(/^item_[0-9a-f]{8}$/) }]);
  });

  test('takes a limit', async () => {
    const selectIds = prepared('item_ids', { limit: 'count' }, (query, { limit }) =>
      query.select({ id: items.id }).from(items).orderBy(asc(items.id)).limit(limit),
    );
    expect(await selectIds(database.db, { limit: 1 })).toEqual([{ id: 1 }]);
  });

  test('names a parameter that was left out', async () => {
    expect(await rejection(selectItem(database.db, {} as { id: number }))).toMatchObject({
      message: expect.stringContaining('"id"'),
    });
  });
});

const itemColumns = columns(items, ['id', 'soldAt']);

describe('columns', () => {
  test('is a select list with the names of TypeScript, and its row', async () => {
    const selectItems = statement<RowOf<typeof itemColumns>>(
      'items_by_id',
      `select ${itemColumns.list} from items order by id`,
    );
    const rows = await selectItems(database.db);
    const [first] = rows;
    const soldAt: Date | null | undefined = first?.soldAt;
    expect(soldAt).toEqual(ONE.soldAt);
    expect(rows.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('names the table where several could be meant', () => {
    expect(itemColumns.of('i')).toBe('i.id, i.sold_at as "soldAt"');
  });
});
