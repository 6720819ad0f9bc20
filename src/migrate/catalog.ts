import { catalogQueries } from './catalog-queries.ts';
import { withClient } from './client.ts';

/**
 * Everything that a database holds besides rows, as texts in a fixed order: schemas, types,
 * sequences, tables, columns, constraints, indexes, triggers, functions, policies, privileges and
 * comments. Two databases of one PostgreSQL version have equal catalogs exactly if these are equal.
 * The order of columns, the names of owners and drizzle-kit's books do not count. With `schemas`,
 * only what lies in these.
 */
export async function readCatalog(
  options: { url?: string; schemas?: readonly string[] } = {},
): Promise<string[]> {
  return withClient(options.url, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    // So that PostgreSQL qualifies every name that it prints.
    await client.query(`set local search_path = ''; set local quote_all_identifiers = off`);
    const entries: string[] = [];
    for (const query of catalogQueries) {
      const { rows } = await client.query<{ entry: string }>(query, [options.schemas ?? null]);
      // Sorted here, because the server's order depends on the collation of the database.
      entries.push(...rows.map((row) => row.entry.trimEnd()).sort());
    }
    await client.query('commit');
    return entries;
  });
}
