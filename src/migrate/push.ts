import type { PoolClient } from 'pg';
import { applyMigration } from './apply.ts';
import { ensureBookkeeping, readApplied, recordApplied } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { withDeployLock } from './deploy-lock.ts';
import { drizzleKitBin, runDrizzleKitPush } from './drizzle-kit.ts';
import { deployLock, lockSettings, type MigrateOptions } from './migrate.ts';
import { listCustomTags, type Migration, readMigrations } from './migration-files.ts';
import { planMigrations } from './plan.ts';

export interface PushOptions extends Pick<MigrateOptions, 'lockTimeoutMs' | 'lockAttempts'> {
  readonly url: string;
  /** Let drizzle-kit delete data that the schema has no place for. */
  readonly force?: boolean | undefined;
  /** Told of each step: `schema` is drizzle-kit's part, any other the tag of a custom migration. */
  readonly onStep?: ((step: string) => void) | undefined;
}

/**
 * Makes a development database equal to `src/schema`, without a migration for what changed there:
 * `drizzle-kit push` for what Drizzle can express, and around it the custom migrations, which hold
 * the rest and are written to bear being repeated. From an empty database the result is what
 * `migrate` makes; all migrations count as applied afterwards.
 *
 * @throws MigrationError `PUSH_FAILED` when drizzle-kit fails or would delete data without `force`.
 */
export async function push(options: PushOptions): Promise<void> {
  // Looked for before anything is changed.
  const bin = drizzleKitBin();
  const migrations = readMigrations();
  const custom = listCustomTags();
  const firstGenerated = migrations.findIndex(({ tag }) => !custom.has(tag));
  const before = migrations.slice(0, Math.max(firstGenerated, 0));
  const after = migrations.slice(before.length).filter(({ tag }) => custom.has(tag));
  await withClient(options.url, (client) =>
    withDeployLock(client, deployLock({}), async () => {
      await applyAll(client, before, options);
      options.onStep?.('schema');
      await runDrizzleKitPush({ bin, url: options.url, force: options.force ?? false });
      await applyAll(client, after, options);
      await recordAll(client, migrations);
    }),
  );
}

async function applyAll(
  client: PoolClient,
  migrations: readonly Migration[],
  options: PushOptions,
) {
  for (const migration of migrations) {
    options.onStep?.(migration.tag);
    await applyMigration(client, migration, {
      ...lockSettings(options),
      record: false,
      onRetry: () => undefined,
    });
  }
}

// What was pushed is the state after the last migration, whatever the books said before.
async function recordAll(client: PoolClient, migrations: readonly Migration[]): Promise<void> {
  await ensureBookkeeping(client);
  const plan = planMigrations(migrations, await readApplied(client));
  const isRight = plan.applied.length === migrations.length && plan.ahead.length === 0;
  if (isRight && plan.deleted.length === 0) return;
  await client.query('begin');
  await client.query('delete from drizzle.__drizzle_migrations');
  for (const migration of migrations) await recordApplied(client, migration);
  await client.query('commit');
}
