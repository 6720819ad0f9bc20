import { startEmbedded } from '../embedded/index.ts';
import {
  CATALOG_SERVER,
  renderShippedCatalog,
  writeShippedCatalog,
} from '../migrate/write-catalog.ts';
import { tell } from './output.ts';

/** Keeps what the migrations make in `drizzle/catalog.json`, for those who verify a database. */
export async function writeCatalog(): Promise<void> {
  const server = await startEmbedded(CATALOG_SERVER);
  try {
    const text = await renderShippedCatalog(server.url);
    if (writeShippedCatalog(text)) tell('drizzle/catalog.json is written anew.');
  } finally {
    await server.stop();
  }
}
