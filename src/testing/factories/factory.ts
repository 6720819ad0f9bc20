import { randomUUID } from 'node:crypto';
import type { PgInsertValue, PgTable } from 'drizzle-orm/pg-core';
import { type Db, executorOf } from '../../db/session.ts';
import { requireObject } from '../../require-object.ts';

/** What a caller sets; the factory fills in the rest. */
export type Overrides<T extends PgTable> = Partial<T['$inferInsert']>;

/**
 * Stores a valid row, with what `overrides` says and the parents that it needs, and returns it as
 * stored.
 */
export type Factory<T extends PgTable> = (
  db: Db,
  overrides?: Overrides<T>,
) => Promise<T['$inferSelect']>;

/**
 * A factory for rows of `table`. `fill` gives the values that the table requires; it creates a
 * parent only if `given` does not name one.
 */
export function defineFactory<T extends PgTable>(
  table: T,
  fill: (db: Db, given: Overrides<T>) => T['$inferInsert'] | Promise<T['$inferInsert']>,
): Factory<T> {
  return async (db, overrides = {}) => {
    executorOf(db);
    requireObject('overrides', overrides);
    const row = { ...(await fill(db, overrides)), ...overrides };
    return insertReturning(db, table, [row]);
  };
}

/** Stores the rows with one statement and returns the first. */
export async function insertReturning<T extends PgTable>(
  db: Db,
  table: T,
  rows: readonly T['$inferInsert'][],
): Promise<T['$inferSelect']> {
  const values = rows as unknown as PgInsertValue<PgTable>[];
  const stored: T['$inferSelect'][] = await db.insert<PgTable>(table).values(values).returning();
  const [first] = stored;
  if (first === undefined) throw new Error('insert returned no row');
  return first;
}

/** Eight characters that no other row has, for what must be unique. */
export function unique(): string {
  return randomUUID().slice(0, 8);
}

/** A time this many minutes from now. */
export function minutesFromNow(minutes: number): Date {
  return new Date(Date.now() + minutes * 60_000);
}
