import { landMigrations } from '../../migrate/landed.ts';
import { print } from '../output.ts';

/**
 * Marks the migrations that are not marked yet as landed: from then on no text of theirs changes.
 */
export function land(): void {
  const tags = landMigrations();
  print(tags.length === 0 ? 'Every migration has landed.' : `Landed: ${tags.join(', ')}.`);
}
