import type { Db } from '../../src/db/connect.ts';
import { serviceSchemas } from '../../src/schema/schemas.ts';

const listTables = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r'
  and n.nspname in (${serviceSchemas.map((name) => `'${name}'`).join(', ')})
  order by 1
`;

/** Every row of every table as text, by table, in a fixed order: two equal dumps are equal data. */
export async function dumpRows(db: Db): Promise<Map<string, string[]>> {
  const dump = new Map<string, string[]>();
  const tables = await db.execute<{ name: string }>(listTables);
  for (const { name } of tables.rows) {
    const { rows } = await db.execute<{ row: string }>(
      `select t::text as row from ${name} as t order by 1`,
    );
    dump.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return dump;
}
