import type { PoolClient } from 'pg';
import { OUR_BOOKS } from '../books.ts';
import { serviceSchemas } from '../schema/schemas.ts';
import { applyStatements } from './apply-statements.ts';
import { ensureBooks, MOVING, moveOurs, readApplied, recordAll } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { compareWithSources, pushIncomplete } from './compare.ts';
import { withDeployLock } from './deploy-lock.ts';
import { drizzleKitBin, runDrizzleKitPush } from './drizzle-kit.ts';
import { deployLock, type MigrateOptions } from './migrate.ts';
import { readMigrations } from './migration-files.ts';
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
 * What the tables need, the tables themselves by drizzle-kit, all that Drizzle cannot express, and
 * the look at the result.
 */
export type PushStep = 'first' | 'tables' | 'objects' | 'compare';

export interface PushResult {
  /** Why it is not known whether the database is equal to `src`; null when it is equal. */
  readonly notCompared: string | null;
}

/**
 * Makes a development database equal to `src`, without a migration and without the history: first
 * what tables need, then `drizzle-kit push`, then every SQL object. Functions and triggers of the
 * service schemas that the sources do not have are dropped. From an empty database the result is
 * what `migrate` makes; all migrations count as applied afterwards.
 *
 * drizzle-kit overlooks much, such as a check's expression. So at the end the whole catalog, but
 * for privileges, is compared with that of a new database made of `src`, on the same server and
 * dropped again, for which the user has to be allowed to create databases.
 *
 * @throws MigrationError `PUSH_FAILED` when drizzle-kit fails or would delete data without `force`;
 *   `PUSH_INCOMPLETE` with what still differs from `src`; the books are as they were.
 */
export async function push(options: PushOptions): Promise<PushResult> {
  // Looked for before anything is changed.
  const bin = drizzleKitBin();
  const sources = readSources();
  const onStep = options.onStep ?? (() => undefined);
  return withClient(options.url, (client) =>
    withDeployLock(client, deployLock({}), async () => {
      onStep('first');
      await applyStatements(
        client,
        'src/schema/first',
        sources.first.map(({ text }) => text),
        options,
      );
      onStep('tables');
      await withoutColumnTriggers(client, options, () =>
        runDrizzleKitPush({ bin, url: options.url, force: options.force ?? false }),
      );
      onStep('objects');
      const statements = sources.objects.flatMap(replaceObject);
      const all = [...statements, dropLeftovers(serviceSchemas)];
      await applyStatements(client, 'src/**/*.sql', all, options);
      onStep('compare');
      const { url } = options;
      const { differences, notCompared } = await compareWithSources({ client, url, bin, sources });
      if (differences.length > 0) throw pushIncomplete(differences);
      await record(client, options);
      return { notCompared };
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
  await applyStatements(
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

// What was pushed is the state after the last migration, whatever the books said before.
async function record(client: PoolClient, options: PushOptions): Promise<void> {
  const moves = await moveOurs(client);
  if (moves.length > 0) await applyStatements(client, MOVING, moves, options);
  await ensureBooks(client, OUR_BOOKS);
  const migrations = readMigrations();
  const plan = planMigrations(migrations, await readApplied(client, OUR_BOOKS));
  const isRight = plan.applied.length === migrations.length && plan.ahead.length === 0;
  if (!isRight || plan.deleted.length > 0) await recordAll(client, migrations);
}
