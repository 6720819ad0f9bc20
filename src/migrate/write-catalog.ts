import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readShippable, shippedCatalogPath } from '../catalog/shipped.ts';
import { withClient } from './client.ts';
import { migrate } from './migrate.ts';

/**
 * The server that the shipped catalog is made on: the oldest that is supported, because it has the
 * one function that later ones bring along. All print the rest alike.
 */
export const CATALOG_SERVER = { ephemeral: true, inMemory: true, version: 15 } as const;

/** The text of `drizzle/catalog.json`, made by the migrations in an empty database. */
export async function renderShippedCatalog(url: string): Promise<string> {
  await migrate({ url });
  const entries = await withClient(url, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    return readShippable((text, values) => client.query(text, values));
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** Ships this catalog, and returns whether it was another before. */
export function writeShippedCatalog(text: string): boolean {
  if (isShipped(text)) return false;
  writeFileSync(shippedCatalogPath(), text);
  return true;
}

/** Whether the catalog that is shipped is this one. */
export function isShipped(text: string): boolean {
  const path = shippedCatalogPath();
  return existsSync(path) && readFileSync(path, 'utf8').replaceAll('\r\n', '\n') === text;
}
