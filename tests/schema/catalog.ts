import type { Db } from '../../src/db/connect.ts';
import { executorOf } from '../../src/db/session.ts';
import { serviceSchemas } from '../../src/schema/schemas.ts';

/** Reads the catalog; `$1` in the statement is the list of the platform's schemas. */
export async function readCatalog<Row>(db: Db, statement: string): Promise<Row[]> {
  const { rows } = await executorOf(db).query(statement, [serviceSchemas]);
  return rows;
}

/** `schema.table` of every table, in order. */
export async function listTables(db: Db): Promise<string[]> {
  const rows = await readCatalog<{ name: string }>(
    db,
    `select schemaname || '.' || tablename as name
     from pg_tables
     where schemaname = any($1)
     order by name`,
  );
  return rows.map(({ name }) => name);
}

/** The names of all constraints of a kind: c for check, f for foreign key. */
export async function listConstraints(db: Db, kind: 'c' | 'f'): Promise<string[]> {
  const rows = await readCatalog<{ name: string }>(
    db,
    `select conname as name
     from pg_constraint
     where connamespace = any($1::text[]::regnamespace[])
       and contype = '${kind}'
     order by name`,
  );
  return rows.map(({ name }) => name);
}

export interface UniqueKey {
  name: string;
  table: string;
  /** Null where the key is over an expression. */
  columns: (string | null)[];
}

/** Every unique index: primary keys, unique constraints and unique indexes of their own. */
export function listUniqueKeys(db: Db): Promise<UniqueKey[]> {
  return readCatalog<UniqueKey>(
    db,
    `select
       index_class.relname as name,
       namespace.nspname || '.' || table_class.relname as table,
       array(
         select attribute.attname::text
         from generate_series(0, pg_index.indnkeyatts - 1) as at
         left join pg_attribute as attribute
           on attribute.attrelid = pg_index.indrelid
           and attribute.attnum = pg_index.indkey[at]
           and attribute.attnum > 0
         order by at
       ) as columns
     from pg_index
     join pg_class as index_class on index_class.oid = pg_index.indexrelid
     join pg_class as table_class on table_class.oid = pg_index.indrelid
     join pg_namespace as namespace on namespace.oid = table_class.relnamespace
     where namespace.nspname = any($1)
       and pg_index.indisunique
       and not table_class.relispartition
     order by name`,
  );
}
