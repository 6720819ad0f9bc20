import type { PoolClient } from 'pg';
import { applyMigration } from './apply.ts';
import { lockSettings, type MigrateOptions } from './migrate.ts';
import type { Migration } from './migration-files.ts';

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
  const migration: Migration = {
    idx: 0,
    when: 0,
    tag,
    hash: '',
    hashes: [],
    statements: [unchecked, ...statements],
    transactional: true,
  };
  const settings = { ...lockSettings(options), record: false, onRetry: () => undefined };
  await applyMigration(client, migration, settings);
}
