import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Transaction, transaction } from '../../src/db/transaction.ts';
import { type Json, withinBytes } from '../../src/input/json.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { readCatalog } from './catalog.ts';

const database = useTestDatabase();

interface Column {
  table: string;
  name: string;
  type: string;
  constraint: string;
}

/** The columns of some types, beside the check that should hold each. */
const columnsOf = (types: string) =>
  readCatalog<Column>(
    database.db,
    `select attrelid::regclass::text as table, attname::text as name,
       atttypid::regtype::text as type, relname as constraint
     from pg_attribute
     join pg_class on pg_class.oid = attrelid
     where relnamespace = any($1::text[]::regnamespace[])
       and relkind = 'r'
       and attnum > 0
       and atttypid = any('${types}'::regtype[])
       and attgenerated = ''
     order by 1, 2`,
  );

function groupByTable(columns: Column[]): Map<string, Column[]> {
  const tables = new Map<string, Column[]>();
  for (const column of columns) {
    tables.set(column.table, [...(tables.get(column.table) ?? []), column]);
  }
  return tables;
}

/** Runs with a copy of a table that has nothing but one of its checks. */
async function withCopy(
  table: string,
  constraint: string,
  run: (tx: Transaction) => Promise<void>,
) {
  const only = transaction(database.db, async (tx) => {
    await tx.execute(sql.raw(`create temp table copy (like ${table} including constraints)`));
    await tx.execute(
      sql.raw(`do $$
        declare item text;
        begin
          for item in select attname from pg_attribute
            where attrelid = 'pg_temp.copy'::regclass and attnum > 0 and attnotnull
          loop
            execute format('alter table pg_temp.copy alter %I drop not null', item);
          end loop;
          for item in select conname from pg_constraint
            where conrelid = 'pg_temp.copy'::regclass and conname <> '${constraint}'
          loop
            execute format('alter table pg_temp.copy drop constraint if exists %I', item);
          end loop;
        end $$`),
    );
    await run(tx);
    throw new Undo();
  });
  expect(await rejection(only)).toBeInstanceOf(Undo);
}

class Undo extends Error {}

describe('every time', () => {
  it('is finite and of the years 1 to 9999', async () => {
    const columns = await columnsOf('{timestamptz,date,timestamp}');
    expect(columns.length).toBeGreaterThan(90);
    for (const [table, its] of groupByTable(columns)) {
      const constraint = `${its[0]?.constraint}_instants_check`;
      await withCopy(table, constraint, async (tx) => {
        for (const { name } of its) {
          const insert = (time: string) =>
            tx.transaction((inner) =>
              inner.execute(sql.raw(`insert into pg_temp.copy (${name}) values ('${time}')`)),
            );
          for (const time of ['infinity', '-infinity', '0001-12-31 BC', '10000-01-02']) {
            expect(await rejection(insert(time))).toMatchObject({ constraint });
          }
          await insert('0001-01-02');
          await insert('9999-12-30');
        }
      });
    }
  });
});

// What is the same as in another table, where it has one.
const held = new Set([
  'finance.transactions.currency',
  'marketplace.job_vectors.currency',
  'marketplace.job_vectors.location',
]);

describe('every free text and JSON', () => {
  it('has a limit', async () => {
    const columns = await columnsOf('{text,jsonb,text[]}');
    const checks = await readCatalog<{ text: string; table: string }>(
      database.db,
      `select pg_get_constraintdef(oid) as text, conrelid::regclass::text as table
       from pg_constraint
       where connamespace = any($1::text[]::regnamespace[]) and contype in ('c', 'f')`,
    );
    const unlimited = columns
      .filter(({ table, name }) => {
        const mine = checks.filter((check) => check.table === table && check.text.includes(name));
        return !mine.some(({ text }) =>
          /length\(|~ '\^|FOREIGN KEY|is_time_zone|wallet_address/.test(text),
        );
      })
      .map(({ table, name }) => `${table}.${name}`)
      .filter((name) => !held.has(name));
    expect(unlimited).toEqual([]);
  });

  it('is counted in TypeScript as in the database', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('\\u0000') && text.isWellFormed() && !/\\ud[89a-f]/.test(text));
        const { rows } = await database.db.execute<{ bytes: number }>(
          sql`select octet_length(${text}::jsonb::text) as bytes`,
        );
        const bytes = rows[0]?.bytes ?? 0;
        const json = JSON.parse(text) as Json;
        expect(withinBytes(bytes)[0](json)).toBe(true);
        expect(withinBytes(bytes - 1)[0](json)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
