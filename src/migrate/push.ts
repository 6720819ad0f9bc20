import type { PoolClient } from 'pg';
import { serviceSchemas } from '../schema/schemas.ts';
import { applyMigration } from './apply.ts';
import { ensureBookkeeping, readApplied, recordApplied } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { withDeployLock } from './deploy-lock.ts';
import { drizzleKitBin, runDrizzleKitPush } from './drizzle-kit.ts';
import { deployLock, lockSettings, type MigrateOptions } from './migrate.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { readSources } from './objects/read-sources.ts';
import { dropLeftovers, replaceObject, selectColumnTriggers } from './objects/replace.ts';
import { planMigrations } from './plan.ts';

export interface PushOptions extends Pick<MigrateOptions, 'lockTimeoutMs' | 'lockAttempts'> {
  readonly url: string;
  /** Let drizzle-kit delete data that the schema has no place for. */
  readonly force?: boolean | undefined;
  /** Told of each step before it begins. */
  readonly onStep?: ((step: PushStep) => void) | undefined;
}

/**
 * What the tables need, the tables themselves by drizzle-kit, and all that Drizzle cannot express.
 */
export type PushStep = 'first' | 'tables' | 'objects';

/**
 * Makes a development database equal to `src`, without a migration and without the history: first
 * what tables need, then `drizzle-kit push`, then every SQL object. Functions and triggers of the
 * service schemas that the sources do not have are dropped. From an empty database the result is
 * what `migrate` makes; all migrations count as applied afterwards.
 *
 * @throws MigrationError `PUSH_FAILED` when drizzle-kit fails or would delete data without `force`.
 */
export async function push(options: PushOptions): Promise<void> {
  // Looked for before anything is changed.
  const bin = drizzleKitBin();
  const { first, objects } = readSources();
  const onStep = options.onStep ?? (() => undefined);
  await withClient(options.url, (client) =>
    withDeployLock(client, deployLock({}), async () => {
      onStep('first');
      await apply(
        client,
        'src/schema/first',
        first.map(({ text }) => text),
        options,
      );
      onStep('tables');
      await withoutColumnTriggers(client, options, () =>
        runDrizzleKitPush({ bin, url: options.url, force: options.force ?? false }),
      );
      onStep('objects');
      const statements = objects.flatMap(replaceObject);
      await apply(client, 'src/**/*.sql', [...statements, dropLeftovers(serviceSchemas)], options);
      await recordAll(client, readMigrations());
    }),
  );
}

// drizzle-kit knows of no trigger, and one that names a column would stop it. They come back with
// the other objects, or at once when it fails.
async function withoutColumnTriggers(
  client: PoolClient,
  options: PushOptions,
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ drop: string; make: string }>(selectColumnTriggers, [
    serviceSchemas,
  ]);
  const tag = 'src/**/*.sql';
  await apply(
    client,
    tag,
    rows.map((trigger) => trigger.drop),
    options,
  );
  try {
    await work();
  } catch (error) {
    // What cannot come back names what drizzle-kit has changed already.
    for (const { make } of rows) await client.query(make).catch(() => undefined);
    throw error;
  }
}

/** Runs statements in one transaction, as a migration that is not recorded. */
async function apply(
  client: PoolClient,
  tag: string,
  statements: readonly string[],
  options: PushOptions,
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
