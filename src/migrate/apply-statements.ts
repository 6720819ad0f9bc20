import type { PoolClient } from 'pg';
import { applyMigration, asMigration } from './apply.ts';
import { lockSettings, type MigrateOptions } from './migrate.ts';

/**
 * Runs statements in one transaction, as a migration that is not recorded; `tag` is what an error
 * calls them. The caller holds the deploy lock.
 *
 * @throws MigrationError as `applyMigration` does.
 */
export async function applyStatements(
  client: PoolClient,
  tag: string,
  statements: readonly string[],
  options: Pick<MigrateOptions, 'lockTimeoutMs' | 'lockAttempts'>,
): Promise<void> {
  const unchecked = 'set local check_function_bodies = off';
  const migration = asMigration(tag, [unchecked, ...statements]);
  const settings = { ...lockSettings(options), record: null, onRetry: () => undefined };
  await applyMigration(client, migration, settings);
}
