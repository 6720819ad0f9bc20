import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgColumn, PgTableWithColumns, TableConfig } from 'drizzle-orm/pg-core';

// The package's declarations are written with Drizzle 0.45, and read with the Drizzle that a
// service has. `npm run build` lets them name these types in the place of Drizzle's own.

// biome-ignore lint/suspicious/noExplicitAny: the other release has other constraints
type Any = any;
type Nothing = Record<never, never>;

/** Whether this is Drizzle 1.0, which keeps what `db.query` knows under another name. */
export type IsNext = 'relations' extends keyof NodePgDatabase<Any>['_'] ? true : false;

/** What 0.45 asks of a column's configuration. */
type Config = PgColumn extends PgColumn<infer TConfig> ? TConfig : never;

/**
 * A column of this library. 1.0 has other names for the kinds of data.
 *
 * @public
 */
export type Column<
  TConfig extends object,
  TRuntime extends object,
  TType extends object,
> = IsNext extends true
  ? PgColumn<Any, Omit<TConfig, 'dataType'> & { dataType: Any }, Nothing>
  : TConfig extends Config
    ? PgColumn<TConfig, TRuntime, TType>
    : never;

/**
 * A table of this library.
 *
 * @public
 */
export type Table<TConfig extends TableConfig> = IsNext extends true
  ? PgTableWithColumns<TConfig & { isAlias: false }>
  : PgTableWithColumns<TConfig>;
