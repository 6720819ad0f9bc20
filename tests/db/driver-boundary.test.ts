import { readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { conflictOf } from '../../src/db/retry.ts';
import type { Database, Transaction } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { InvalidInputError, TransactionEndedError } from '../../src/errors.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
let db: Database;
const things = pgTable('things', { id: text('id') });

beforeAll(async () => {
  db = await connect({ url: database.url, max: 2 });
  await db.execute(sql`create table things (id text)`);
});
afterAll(() => db.close());

const count = async () => (await db.select().from(things)).length;

describe('a parameter that cannot be written', () => {
  it.each([
    ['a bigint inside of JSON', { amount: 1n }],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('secret');
        },
      },
    ],
    ['a function', () => 1],
  ])('is refused by its place, and costs no connection: %s', async (_name, value) => {
    for (let i = 0; i < 5; i += 1) {
      const error = await rejection(db.execute(sql`select ${'a'}::text, ${value}::jsonb`));
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error).toMatchObject({ field: '$2' });
    }
    const inside = transaction(db, async (tx) => {
      expect(await rejection(tx.execute(sql`select ${value}::jsonb`))).toMatchObject({
        field: '$1',
      });
      return tx.execute(sql`select 1 as one`);
    });
    expect((await inside).rows).toEqual([{ one: 1 }]);
    expect(db.$client.totalCount).toBe(db.$client.idleCount);
  });

  test.each([
    ['a value', { text: 'select $1::jsonb', values: [{ amount: 1n }] }, '$1'],
    ['a name', { text: 'select 1', name: 5 as never }, 'name'],
    ['a text', { text: 'select 1\0' }, 'text'],
  ])(
    'is refused through $client too, with and without a callback: %s',
    async (_of, config, field) => {
      const error = { name: 'InvalidInputError', field };
      expect(await rejection(db.$client.query(config))).toMatchObject(error);
      const client = await db.$client.connect();
      try {
        expect(await rejection(client.query(config))).toMatchObject(error);
        const told = new Promise((resolve) => client.query(config, resolve));
        expect(await told).toMatchObject(error);
        expect((await client.query('select $1::int as one', [1])).rows).toEqual([{ one: 1 }]);
      } finally {
        client.release();
      }
    },
  );

  test('fewer than the text names are an error of the statement, and cost no connection', async () => {
    const tooFew = sql`select ${1}::int, ${sql.raw('$2::int')}`;
    const error = { name: 'SqlError', sqlState: '08P01', message: expect.stringContaining('bind') };
    expect(await rejection(db.execute(tooFew))).toMatchObject(error);
    const kept = transaction(db, async (tx) => {
      await rejection(transaction(tx, (inner) => inner.execute(tooFew)));
      return tx.execute(sql`select 1 as one`);
    });
    expect((await kept).rows).toEqual([{ one: 1 }]);
  });

  test('a Date through $client is bound in UTC, whatever the process has', async () => {
    vi.stubEnv('TZ', 'Africa/Monrovia');
    const at = new Date('1970-01-01T00:00:00Z');
    const { rows } = await db.$client.query('select $1::timestamptz as at', [at]);
    vi.unstubAllEnvs();
    expect(rows).toEqual([{ at }]);
  });

  test('more of them than the protocol counts are refused', async () => {
    const values = sql.join(
      Array.from({ length: 65_536 }, () => sql`${1}`),
      sql`, `,
    );
    expect(await rejection(db.execute(sql`select 1 in (${values})`))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'values',
    });
  });
});

describe('a prepared statement of Drizzle', () => {
  const change = (type: string) =>
    database.db.execute(sql.raw(`alter table things alter column id type ${type}`));

  it('is prepared anew when a migration has changed what it returns', async () => {
    const all = db.select().from(things).prepare('all_things');
    await Promise.all([all.execute(), all.execute()]);
    for (const type of ['varchar(50)', 'text']) {
      await change(type);
      await Promise.all(Array.from({ length: 6 }, () => all.execute()));
      await change(type === 'text' ? 'varchar(60)' : 'varchar(70)');
      let runs = 0;
      await transaction(db, async (tx) => {
        runs += 1;
        await tx.select().from(things).prepare('all_things').execute();
      });
      expect(runs).toBeLessThanOrEqual(2);
    }
    await change('text');
  });

  it('is prepared anew when its connection has forgotten it', async () => {
    const all = db.select().from(things).prepare('forgotten');
    await all.execute();
    await transaction(db, async (tx) => {
      await tx.select().from(things).prepare('forgotten').execute();
      await tx.execute(sql`deallocate all`);
    });
    await Promise.all(Array.from({ length: 4 }, () => all.execute()));
  });

  it('keeps its text apart from another of the same or a longer name', async () => {
    const long = 'n'.repeat(63);
    const runs = [
      db.select({ a: sql`1` }).from(things).prepare('same'),
      db.select({ b: sql`2` }).from(things).prepare('same'),
      db.select({ c: sql`3` }).from(things).prepare(`${long}a`),
      db.select({ d: sql`4` }).from(things).prepare(`${long}b`),
    ];
    await db.insert(things).values({ id: 'one' });
    for (let i = 0; i < 3; i += 1) {
      const rows = await Promise.all(runs.map((run) => run.execute()));
      expect(rows).toEqual([[{ a: 1 }], [{ b: 2 }], [{ c: 3 }], [{ d: 4 }]]);
    }
    await db.delete(things);
  });
});

describe('a callback that ends its transaction', () => {
  it.each([
    'rollback and chain',
    'commit and chain',
    'rollback /* to savepoint */ and chain',
    'abort and chain',
    'rollback; begin',
    'commit; begin isolation level serializable',
    'commit',
    'end',
    'rollback',
  ])('by %s gets TransactionEndedError, whatever it does then', async (ending) => {
    const endings: ((tx: Transaction) => Promise<unknown>)[] = [
      (tx) => tx.execute(sql.raw(ending)),
      (tx) => tx.execute(sql.raw(ending)).catch(() => undefined),
      async (tx) => {
        await tx.execute(sql.raw(ending)).catch(() => undefined);
        throw new Error('its own');
      },
      (tx) => tx.transaction((inner) => inner.execute(sql.raw(ending))).catch(() => undefined),
      async (tx) => {
        await tx.execute(sql.raw(ending)).catch(() => undefined);
        await tx
          .insert(things)
          .values({ id: 'late' })
          .catch(() => undefined);
      },
    ];
    for (const end of endings) {
      const run = transaction(db, async (tx) => {
        await tx.insert(things).values({ id: 'one' });
        await end(tx);
      });
      expect(await rejection(run)).toBeInstanceOf(TransactionEndedError);
    }
    const { rows } = await db.execute(sql`select id from things where id = 'late'`);
    expect(rows).toEqual([]);
    const isKept = ending.startsWith('commit') || ending === 'end';
    expect(await count()).toBe(isKept ? endings.length : 0);
    await db.delete(things);
  });

  it.each([
    // The part before the failure was kept.
    'commit; begin; select 1 / 0',
    // It fails, and leaves no transaction behind.
    "prepare transaction 'one'",
    'insert into things values (null); commit',
  ])('by %s, which fails, gets it too, and the rest of it is not kept', async (ending) => {
    await db.execute(sql`
      create or replace function refuse_null() returns trigger language plpgsql as $$
      begin
        if new.id is null then
          raise exception 'none' using errcode = 'serialization_failure';
        end if;
        return null;
      end $$`);
    await db.execute(sql`
      create constraint trigger refuse after insert on things deferrable initially deferred
      for each row execute function refuse_null()`);
    let runs = 0;
    const run = transaction(db, async (tx) => {
      runs += 1;
      await tx.insert(things).values({ id: 'one' });
      await tx.execute(sql.raw(ending)).catch(() => undefined);
      await tx
        .insert(things)
        .values({ id: 'late' })
        .catch(() => undefined);
    });
    expect(await rejection(run)).toBeInstanceOf(TransactionEndedError);
    expect(runs).toBe(1);
    await db.execute(sql`drop trigger refuse on things`);
    expect(await db.select().from(things)).toEqual(ending.startsWith('c') ? [{ id: 'one' }] : []);
    await db.delete(things);
  });

  it('is not run again for a conflict that it met before', async () => {
    let runs = 0;
    const run = transaction(db, async (tx) => {
      runs += 1;
      await tx.insert(things).values({ id: 'one' });
      await tx.execute(sql`commit`).catch(() => undefined);
      throw conflictOf(tx);
    });
    expect(await rejection(run)).toBeInstanceOf(TransactionEndedError);
    expect(runs).toBe(1);
    await db.delete(things);
  });

  it('keeps its transaction when a statement that could end it is refused', async () => {
    await transaction(db, async (tx) => {
      const inner = tx.transaction((at) => at.execute(sql`commit nothing at all`));
      expect(await rejection(inner)).toMatchObject({ sqlState: '42601' });
      await tx.insert(things).values({ id: 'kept' });
      await tx.execute(sql`prepare own as select 1`);
    });
    expect(await db.select().from(things)).toEqual([{ id: 'kept' }]);
    await db.delete(things);
  });

  it('may use savepoints of its own', async () => {
    await transaction(db, async (tx) => {
      await tx.execute(sql`savepoint chain`);
      await tx.insert(things).values({ id: 'undone' });
      await tx.execute(sql`rollback to chain`);
      await tx.insert(things).values({ id: 'kept' });
      await tx.execute(sql`rollback work to savepoint chain; release chain`);
      await tx.insert(things).values({ id: 'kept' });
    });
    expect(await db.select().from(things)).toEqual([{ id: 'kept' }]);
    await db.delete(things);
  });
});

describe("a callback's own errors", () => {
  const others = [
    Object.assign(new Error('mine'), { query: 'select', params: [1] }),
    Object.assign(new Error('mine'), { severity: 'ERROR', code: '23505' }),
    Object.assign(new Error('mine'), { syscall: 'read', code: 'ECONNRESET' }),
    new Error('Connection terminated unexpectedly'),
    'no error at all',
    undefined,
  ];

  it.each(others)('come through as they are: %s', async (mine) => {
    const fail = () => Promise.reject(mine);
    expect(await rejection(transaction(db, fail))).toBe(mine);
    expect(await rejection(db.transaction((tx) => tx.transaction(fail)))).toBe(mine);
  });

  it('such as that of a missing file', async () => {
    const error = await rejection(transaction(db, () => readFile('/no/such/file')));
    expect(error).toMatchObject({ code: 'ENOENT' });
  });
});

test('a Date is the same instant in every year and time zone of the process', async () => {
  const zone = process.env.TZ;
  try {
    for (const TZ of ['Africa/Monrovia', 'Asia/Kolkata', 'UTC']) {
      process.env.TZ = TZ;
      for (const iso of ['1970-01-01T00:00:00.000Z', '0050-06-01T00:00:00.000Z']) {
        const { rows } = await db.execute(sql`
          select ${new Date(iso)}::timestamptz = ${iso}::timestamptz as same`);
        expect(rows).toEqual([{ same: true }]);
      }
    }
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});
