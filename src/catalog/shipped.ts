import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AzoraDbError } from '../errors.ts';
import { defaultMigrationsFolder } from '../journal.ts';
import { serviceSchemas } from '../schema/schemas.ts';
import { compareEntries, type SchemaDifference } from './compare-entries.ts';
import { type Ask, readEntries } from './read-entries.ts';

export const shippedCatalogPath = () => join(defaultMigrationsFolder(), 'catalog.json');

// `public` has the few functions that tables themselves need, and an extension.
const schemas = [...serviceSchemas, 'public'];

/** What a new database holds after the migrations, as `drizzle/catalog.json` keeps it. */
export const readShippable = (ask: Ask) => readEntries(ask, { schemas, withComments: true });

/**
 * Compares a database with what the shipped migrations make, on any PostgreSQL that is supported.
 * Reads the server's catalog alone, which every user may, in one repeatable read transaction that
 * the caller has open. Comments, which make no difference to who uses the database, only if asked.
 *
 * @throws AzoraDbError `MIGRATIONS_MISSING` when the package lies without its catalog
 */
export async function compareWithShipped(
  ask: Ask,
  { withComments = false } = {},
): Promise<SchemaDifference[]> {
  const path = shippedCatalogPath();
  if (!existsSync(path)) {
    throw new AzoraDbError('MIGRATIONS_MISSING', `No catalog here: ${path} does not exist.`);
  }
  const shipped = JSON.parse(readFileSync(path, 'utf8')) as string[];
  const wanted = shipped.filter((entry) => withComments || !entry.startsWith('comment '));
  return compareEntries(wanted, await readEntries(ask, { schemas, withComments }));
}
