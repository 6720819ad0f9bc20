import type { IndexColumn, PgInsertValue, PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../../src/connect.ts';

/**
 * Inserts the rows that are not there yet; a row that is there stays as it is. A table with a
 * deferrable key needs its primary key as `target`, because PostgreSQL cannot look for others there.
 */
export async function insertMissing<T extends PgTable>(
  db: Db,
  table: T,
  rows: PgInsertValue<T>[],
  target?: IndexColumn[],
): Promise<void> {
  await db
    .insert(table)
    .values(rows)
    .onConflictDoNothing(target && { target });
}
