import type { Client } from 'pg';
import { typeParsers } from '../../../src/db/type-parsers.ts';

/** A type of the server, and what the driver makes of its values. */
export interface ServerType {
  readonly name: string;
  readonly kind: string;
  /** Of an enum. */
  readonly labels: readonly string[] | undefined;
  /** Of an array that the driver reads as one. */
  readonly element: ServerType | undefined;
}

export interface Catalog {
  typeOf(oid: number): ServerType;
  isNotNull(table: number, column: number): boolean;
  /** The table whose rows a function returns, or its composite type. */
  returnedTable(procedure: number): number | undefined;
}

interface TypeRow {
  oid: number;
  name: string;
  base: number;
  element: number;
  labels: string[] | null;
}

// A value of each type that the driver may read as something else than text.
const SAMPLES: Readonly<Record<string, string>> = {
  bool: 't',
  bytea: '\\x01',
  date: '2026-01-02',
  float4: '1',
  float8: '1',
  int2: '1',
  int4: '1',
  int8: '1',
  interval: '1 day',
  json: '{}',
  jsonb: '{}',
  numeric: '1',
  oid: '1',
  timestamp: '2026-01-02 03:04:05',
  timestamptz: '2026-01-02 03:04:05+00',
};

/** What types, columns and functions there are. */
export async function readCatalog(client: Client): Promise<Catalog> {
  const types = new Map<number, TypeRow>();
  const { rows } = await client.query<TypeRow>(`
    select t.oid, t.typname as name, t.typbasetype as base,
      case when t.typcategory = 'A' then t.typelem else 0 end as element,
      (
        select array_agg(e.enumlabel::text order by e.enumsortorder)
        from pg_enum e
        where e.enumtypid = t.oid
      ) as labels
    from pg_type t`);
  for (const row of rows) types.set(row.oid, row);

  const notNull = new Set<string>();
  const columns = await client.query<{ key: string }>(`
    select attrelid || ' ' || attnum as key
    from pg_attribute
    where attnotnull`);
  for (const { key } of columns.rows) notNull.add(key);

  const returned = new Map<number, number>();
  const functions = await client.query<{ oid: number; relation: number }>(`
    select p.oid, t.typrelid as relation
    from pg_proc p
    join pg_type t on t.oid = p.prorettype
    where t.typrelid <> 0`);
  for (const { oid, relation } of functions.rows) returned.set(oid, relation);

  return {
    typeOf: (oid) => typeOf(types, oid),
    // What is below 1 is the system's own, such as ctid.
    isNotNull: (table, column) => column < 1 || notNull.has(`${table} ${column}`),
    returnedTable: (procedure) => returned.get(procedure),
  };
}

function typeOf(types: ReadonlyMap<number, TypeRow>, oid: number): ServerType {
  const row = types.get(oid);
  if (row === undefined) throw new Error(`there is no type ${oid}`);
  if (row.base !== 0) return { ...typeOf(types, row.base), name: row.name };
  const element = row.element === 0 ? undefined : typeOf(types, row.element);
  const isJson = row.name === 'json' || row.name === 'jsonb';
  return {
    name: element ? `${element.name}[]` : row.name,
    kind: isJson ? 'json' : kindOf(readSample(types, row)),
    labels: row.labels ?? undefined,
    element,
  };
}

function readSample(types: ReadonlyMap<number, TypeRow>, row: TypeRow): unknown {
  const element = types.get(row.element)?.name;
  const text = sampleOf(element ?? row.name);
  const sample = element === undefined ? text : `{"${text.replaceAll('\\', '\\\\')}"}`;
  return typeParsers.getTypeParser(row.oid, 'text')(sample);
}

const sampleOf = (name: string) => SAMPLES[name] ?? 'a';

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'Date';
  return Buffer.isBuffer(value) ? 'Buffer' : typeof value;
}
