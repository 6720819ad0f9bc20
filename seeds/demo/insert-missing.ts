import { getTableConfig, type PgInsertValue, type PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../../src/db/session.ts';

/**
 * Inserts the rows whose primary key is not there yet; a row that is there stays as it is. Any
 * other rule that a row breaks is an error: it met somebody else's row, and leaving it out would be
 * silent.
 */
export async function insertMissing<T extends PgTable>(
  db: Db,
  table: T,
  rows: PgInsertValue<T>[],
): Promise<void> {
  const { columns, primaryKeys } = getTableConfig(table);
  const target = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary);
  await db.insert(table).values(rows).onConflictDoNothing({ target });
}
