import { landMigrations } from '../../migrate/landed.ts';
import { print } from '../output.ts';
import { writeCatalog } from '../write-catalog.ts';

/**
 * Marks the migrations that are not marked yet as landed: from then on no text of theirs changes,
 * and so no object that they make.
 */
export async function land(): Promise<void> {
  const tags = landMigrations();
  print(tags.length === 0 ? 'Every migration has landed.' : `Landed: ${tags.join(', ')}.`);
  await writeCatalog();
}
