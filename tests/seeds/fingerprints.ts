import { createHash } from 'node:crypto';
import type { Db } from '../../src/db/connect.ts';
import { executorOf } from '../../src/db/session.ts';
import { listTables } from '../schema/catalog.ts';

/** A hash of each table's rows, whatever their order, without the columns left out. */
export async function fingerprints(
  db: Db,
  leftOut: Record<string, readonly string[]> = {},
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const table of await listTables(db)) {
    const { rows } = await executorOf(db).query(
      `select (to_jsonb(stored) - $1::text[])::text as row
       from ${table} as stored
       order by row`,
      [leftOut[table] ?? []],
    );
    const hash = createHash('sha256');
    for (const { row } of rows) hash.update(row).update('\n');
    found[table] = `${rows.length} rows, ${hash.digest('hex').slice(0, 16)}`;
  }
  return found;
}

/** The rows of each table as JSON. */
export async function allRows(db: Db): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const table of await listTables(db)) {
    const { rows } = await executorOf(db).query(
      `select to_jsonb(stored)::text as row from ${table} as stored`,
    );
    found.set(table, new Set(rows.map(({ row }) => row)));
  }
  return found;
}
