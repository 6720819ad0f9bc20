import { readEntries } from '../catalog/read-entries.ts';
import { withClient } from './client.ts';

/**
 * Everything that a database holds besides rows, as texts in a fixed order: schemas, types,
 * sequences, tables, columns, constraints, indexes, triggers, rules, functions, policies,
 * privileges and comments. Two databases of one PostgreSQL version have equal catalogs exactly if
 * these are equal. The order of columns, the names of owners and drizzle-kit's books do not count.
 * With `schemas`, only what lies in these.
 */
export async function readCatalog(
  options: { url?: string; schemas?: readonly string[] } = {},
): Promise<string[]> {
  return withClient(options.url, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    const entries = await readEntries((text, values) => client.query(text, values), {
      schemas: options.schemas ?? null,
      withComments: true,
    });
    await client.query('commit');
    return entries;
  });
}
