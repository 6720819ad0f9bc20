import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { migrate as migrateByDrizzle } from 'drizzle-orm/node-postgres/migrator';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { currencies } from '../../src/schema/index.ts';
import { writeMigrations } from '../migrate/fixture.ts';
import { rejection } from '../setup/errors.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const folder = useTemporaryFolder();
const opened: Database[] = [];

async function open(options: object = {}) {
  const db = await connect({ url: database.url, ...options });
  opened.push(db);
  return db;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
});

describe("Drizzle's migrate", () => {
  it('runs on our database, in one transaction', async () => {
    const db = await open();
    const settings = { migrationsFolder: '', migrationsSchema: 'own_books' };
    settings.migrationsFolder = await writeMigrations(join(folder.path, 'drizzle'), {
      '0001_cats': 'create table own_cats (id int)',
      '0002_dogs': 'create table own_dogs (id int); select 1 / 0',
    });
    expect(await rejection(migrateByDrizzle(db, settings))).toMatchObject({ sqlState: '22012' });
    const found = () => db.execute(sql`select to_regclass('own_cats')::text as name`);
    expect((await found()).rows).toEqual([{ name: null }]);
    await writeMigrations(join(folder.path, 'drizzle'), {
      '0001_cats': 'create table own_cats (id int)',
    });
    await migrateByDrizzle(db, settings);
    await migrateByDrizzle(db, settings);
    expect((await found()).rows).toEqual([{ name: 'own_cats' }]);
  });
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

describe('$client', () => {
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
