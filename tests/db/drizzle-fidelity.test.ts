import { sql } from 'drizzle-orm';
import { integer, pgMaterializedView, withReplicas } from 'drizzle-orm/pg-core';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { getWallet } from '../../src/queries/finance/index.ts';
import { currencies } from '../../src/schema/index.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const opened: Database[] = [];

async function open(options: object = {}) {
  const db = await connect({ url: database.url, ...options });
  opened.push(db);
  return db;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
});

describe('a logger', () => {
  it('is told of every statement before it is sent, in a transaction too', async () => {
    const told: [string, unknown[]][] = [];
    const db = await open({
      logger: { logQuery: (text: string, values: unknown[]) => told.push([text, values]) },
    });
    await db.execute(sql`select ${5}::int as five`);
    await transaction(db, async (tx) => {
      await tx.select({ code: currencies.code }).from(currencies).limit(1);
    });
    expect(told).toEqual([
      ['select $1::int as five', ['5']],
      ['begin isolation level read committed, read write', []],
      ['select "code" from "finance"."currencies" limit $1', ['1']],
      ['commit', []],
    ]);
  });

  it('is refused when it is none', async () => {
    for (const logger of [null, 5, {}]) {
      expect(await rejection(open({ logger }))).toMatchObject({ field: 'logger' });
    }
  });
});

describe('a logger that', () => {
  it('throws stops the statement, and nothing else', async () => {
    const mine = new Error('mine');
    let isBroken = false;
    const logQuery = (_text: string, values: unknown[]) => {
      if (isBroken) throw mine;
      values.fill('hidden');
    };
    const db = await open({ max: 1, logger: { logQuery } });
    isBroken = true;
    expect(await rejection(db.execute(sql`select 1`))).toBe(mine);
    const run = transaction(db, async (tx) => {
      isBroken = true;
      await tx.execute(sql`select 1`);
    });
    isBroken = false;
    expect(await rejection(run)).toBe(mine);
    isBroken = false;
    expect((await db.execute(sql`select ${'shown'} as text`)).rows).toEqual([{ text: 'shown' }]);
    expect(db.$client.totalCount).toBe(1);
  });
});

describe("Drizzle's withReplicas", () => {
  it('takes our databases, and every function takes what it makes', async () => {
    const [primary, replica] = [await open({ max: 1 }), await open({ max: 1 })];
    const db = withReplicas(primary, [replica]);
    const wallet = { system: 'EXTERNAL', currency: 'ZAR' } as const;
    expect(await getWallet(db, wallet)).toMatchObject({ kind: 'EXTERNAL' });
    expect(await db.select().from(currencies)).toHaveLength(5);
    expect(await db.$count(currencies)).toBe(5);
    const inside = await transaction(db, (tx) => getWallet(tx, wallet));
    expect(inside).toMatchObject({ kind: 'EXTERNAL' });
    expect(await db.transaction((tx) => tx.$count(currencies))).toBe(5);
    await db.close();
    expect([primary.$client.ended, replica.$client.ended]).toEqual([true, false]);
  });
});

describe('what is inherited', () => {
  it('works: views, counts, common tables, plain text', async () => {
    const { db } = database;
    await db.execute('create materialized view seen as select 1 as id');
    const seen = pgMaterializedView('seen', { id: integer('id') }).existing();
    await db.refreshMaterializedView(seen);
    expect(await db.select().from(seen)).toEqual([{ id: 1 }]);
    const few = db.$with('few').as(db.select().from(currencies).limit(2));
    expect(await db.with(few).select({ code: few.code }).from(few)).toHaveLength(2);
    await db.$cache.invalidate({ tables: currencies });
    expect(await db.select().from(currencies).$withCache()).toHaveLength(5);
  });
});

describe('$client', () => {
  it('lets its listeners set up every connection', async () => {
    const db = await open({ max: 2 });
    const mode = () => db.execute(sql`select current_setting('azora.mark', true) as mark`);
    db.$client.on('connect', (client) => void client.query(`set azora.mark = 'set'`));
    const found = await Promise.all([mode(), mode()]);
    expect(found.map(({ rows }) => rows)).toEqual([[{ mark: 'set' }], [{ mark: 'set' }]]);
    let late = 0;
    db.$client.on('connect', () => {
      late += 1;
    });
    await mode();
    expect(late).toBe(0);
  });

  it('tells of every connection, the first one too', async () => {
    const db = await open({ max: 2 });
    let connected = 0;
    db.$client.on('connect', () => {
      connected += 1;
    });
    await Promise.all([db.execute(sql`select pg_sleep(0.05)`), db.execute(sql`select 1`)]);
    expect(connected).toBe(2);
    expect(db.$client.totalCount).toBe(2);
  });

  it('may be ended before close(), and close() called again', async () => {
    const first = await open();
    await Promise.all([first.close(), first.close()]);
    await first.close();
    const second = await open();
    await second.$client.end();
    await second.close();
  });

  it('reads arrays as their items', async () => {
    const db = await open();
    const { rows } = await db.$client.query(`
      select array[9007199254740993, null] as int8, array[[1::bigint], [2]] as nested,
        array['2024-02-29 12:00+02'::timestamptz, null] as times, array['1 day'::interval] as spans,
        array['2024-02-29'::date] as days, array[1.10] as numerics`);
    expect(rows).toEqual([
      {
        int8: [9007199254740993n, null],
        nested: [[1n], [2n]],
        times: [new Date('2024-02-29T10:00:00Z'), null],
        spans: ['1 day'],
        days: ['2024-02-29'],
        numerics: ['1.10'],
      },
    ]);
  });
});

describe('db.query', () => {
  it('reads our tables exactly, and knows no relations, which would go through JSON', async () => {
    const db = await open();
    const rows = await db.query.wallets.findMany({ limit: 3 });
    expect(rows.every(({ posted }) => typeof posted === 'bigint')).toBe(true);
    const withRelation = { with: { entries: true } } as object;
    expect(() => db.query.wallets.findMany(withRelation).toSQL()).toThrow();
  });
});
