import { getTableColumns } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/** Columns of a table as a raw statement selects them, and by its type the row that this gives. */
export interface Columns<Row> {
  /** `user_id as "userId", currency`: for `select` and `returning`. */
  readonly list: string;
  /** The same of a table that stands in the statement under this name: `w.user_id as "userId"`. */
  of(alias: string): string;
  /** For types only: there is no value. See `RowOf`. */
  readonly row?: Row;
}

/** The row of `columns(...)`, as Drizzle's schema types it and as the driver returns it. */
export type RowOf<C extends Columns<unknown>> = NonNullable<C['row']>;

/**
 * The select list of some columns of a table, under the names that they have in TypeScript. A
 * statement that uses it cannot have another row than the schema says, and needs no mapper.
 */
export function columns<T extends PgTable, const K extends keyof T['$inferSelect'] & string>(
  table: T,
  keys: readonly K[],
): Columns<Pick<T['$inferSelect'], K>> {
  const all = getTableColumns(table) as Record<string, { name: string }>;
  const write = (prefix: string) =>
    keys
      .map((key) => {
        const name = all[key]?.name ?? key;
        return name === key ? `${prefix}${name}` : `${prefix}${name} as "${key}"`;
      })
      .join(', ');
  return { list: write(''), of: (alias) => write(`${alias}.`) };
}
