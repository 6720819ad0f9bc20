import { createRequire } from 'node:module';
import * as drizzle from 'drizzle-orm';
import * as nodePostgres from 'drizzle-orm/node-postgres';
import { makePgArray, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import pg from 'pg';
import type { IsNext } from '../schema/any-drizzle.ts';
import { typeParsers } from './type-parsers.ts';

// Everything in which Drizzle 1.0 differs from 0.45. What only one of them has is looked up here by
// its name: an import of it would not load with the other.

// biome-ignore lint/suspicious/noExplicitAny: the other release's own types are not there
type Any = any;

/** The tables and relations that `db.query` knows, as Drizzle keeps them. */
export type Known = Any;

/** Whether this is Drizzle 1.0. */
export const isNext = 'defineRelations' in drizzle;

/** What `defineRelations()` of Drizzle 1.0 makes of a table. */
interface Entry<TTable, TName, TRelations> {
  /** The table itself. */
  readonly table: TTable;
  /** Its key in the schema. */
  readonly name: TName;
  /** What `with` of its queries takes. */
  readonly relations: TRelations;
}

/** What a schema may have under the name of a table of this library. */
export type Ours<TTable> = IsNext extends true ? TTable | Entry<TTable, string, Any> : TTable;

/** What `NodePgDatabase` takes for a schema. */
export type SchemaArgument<TSchema> = IsNext extends true
  ? {
      [K in keyof TSchema as TSchema[K] extends PgTable | Entry<Any, Any, Any>
        ? K
        : never]: TSchema[K] extends PgTable
        ? Entry<TSchema[K], K, Record<never, never>>
        : TSchema[K];
    }
  : TSchema;

const next = drizzle as unknown as {
  defineRelations(tables: object): Known;
};
const before = drizzle as unknown as Pick<
  typeof drizzle,
  'createTableRelationsHelpers' | 'extractTablesRelationalConfig' | 'Relations'
>;

/** What `db.query` is to know of these tables and relations. */
export function knownOf(fullSchema: Record<string, unknown>): Known {
  if (!isNext) {
    const { tables, tableNamesMap } = before.extractTablesRelationalConfig(
      fullSchema,
      before.createTableRelationsHelpers,
    );
    return { fullSchema, schema: tables, tableNamesMap };
  }
  const all = Object.entries(fullSchema);
  const tables = all.filter(([, value]) => drizzle.is(value, drizzle.Table));
  const entries = all.filter(([, value]) => !drizzle.is(value, drizzle.Table));
  return { ...next.defineRelations(Object.fromEntries(tables)), ...Object.fromEntries(entries) };
}

/** How a database or a transaction keeps it, in its member `_`. */
export function asMember(known: Known): object {
  return isNext ? { relations: known } : known;
}

/** What relates a table to others: `relations()`, or what `defineRelations()` says of a table. */
export interface Related {
  readonly table: unknown;
  /** The names of its relations; none with 1.0, which compares them with the columns itself. */
  readonly names: () => string[];
  /** What is of a class of this name, if it is of the same copy of Drizzle. */
  readonly made: readonly (readonly [part: unknown, className: string])[];
}

/** @returns undefined when it relates nothing. */
export function asRelated(value: unknown): Related | undefined {
  const { table, relations, config } = (value ?? {}) as Any;
  if (!drizzle.is(table, drizzle.Table)) return undefined;
  if (kindOf(value) === 'Relations') {
    const names = () => Object.keys(config(before.createTableRelationsHelpers(table)));
    return { table, names, made: [[value, 'Relations']] };
  }
  if (typeof relations !== 'object' || relations === null) return undefined;
  const parts: unknown[] = Object.values(relations);
  if (!isNext && !parts.some((part) => kindOf(part)?.endsWith('V2'))) return undefined;
  return { table, names: () => [], made: parts.map((part) => [part, 'Relation'] as const) };
}

/** What Drizzle calls its class, whichever release it is of. */
function kindOf(value: unknown): string | undefined {
  return (value as Any)?.constructor?.[drizzle.entityKind];
}

/**
 * Whether it is of the class of this name, and of this copy of Drizzle. What `require()` loads from
 * the same files is as good. Drizzle's own `is` and, in 1.0, `instanceof` only compare names.
 */
export function isOfThisCopy(value: unknown, className: string): boolean {
  const isOf = (copy: Any) =>
    Object.prototype.isPrototypeOf.call(copy[className]?.prototype ?? {}, value as object);
  return isOf(drizzle) || isOf(required());
}

function required(): object {
  try {
    return createRequire(import.meta.url)('drizzle-orm');
  } catch {
    // A bundle that holds its one copy.
    return drizzle;
  }
}

/**
 * The options of a dialect that reads values as columns say. 1.0 has functions for that by type,
 * and its own for timestamptz takes the year 50 for 1950.
 */
export function dialectOptions(): Any {
  if (!isNext) return undefined;
  const { nodePgCodecs } = nodePostgres as Any;
  const toDate = typeParsers.getTypeParser(pg.types.builtins.TIMESTAMPTZ);
  const toDates = (values: Any[]): Any[] =>
    values.map((value) => (Array.isArray(value) ? toDates(value) : value && toDate(value)));
  const timestamptz = {
    ...nodePgCodecs.timestamptz,
    normalize: toDate,
    normalizeArray: toDates,
    normalizeInJson: toDate,
    normalizeArrayInJson: toDates,
  };
  return { codecs: { ...nodePgCodecs, timestamptz } };
}

/** A Drizzle over nothing, to build texts with; 1.0 would cast arrays to text in them. */
export function builderOf(): nodePostgres.NodePgDatabase {
  return nodePostgres.drizzle.mock({ codecs: {} } as object);
}

/** What a query that Drizzle has prepared calls the fields of its rows, in their order. */
export function fieldNames(built: Any): string[] {
  if (!isNext) return (built.fields ?? []).map(({ path }: { path: string[] }) => path.join('.'));
  // It keeps nothing but a function that makes objects of rows.
  const [row = {}] = built.mapper?.([new Array(MOST_COLUMNS).fill(null)]) ?? [];
  return Object.keys(row);
}

/** What PostgreSQL takes. */
const MOST_COLUMNS = 1664;

/** A value of this column as the driver is to be given it; 1.0 leaves that to its session. */
export function toDriver(column: PgColumn, value: unknown): unknown {
  const isJson = isNext && ['PgJson', 'PgJsonb'].includes(column.columnType);
  const mapped = isJson ? JSON.stringify(value) : column.mapToDriverValue(value);
  return Array.isArray(mapped) ? makePgArray(mapped) : mapped;
}
