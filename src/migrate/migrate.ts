import type { PoolClient } from 'pg';
import { type BooksTable, OUR_BOOKS } from '../books.ts';
import { requireObject } from '../require-object.ts';
import { applyMigration, asMigration } from './apply.ts';
import { booksOf, ensureBooks, MOVING, moveOurs, readApplied } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { withDeployLock } from './deploy-lock.ts';
import { assertConsistent } from './errors.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { planMigrations } from './plan.ts';

/** What `migrate` tells while it works. */
export type MigrateEvent =
  | {
      /** Another deploy is migrating. */
      readonly type: 'waiting';
    }
  | {
      /** The books were read. */
      readonly type: 'planned';
      /** The tags of what will be applied, in order; none when all is done. */
      readonly pending: readonly string[];
    }
  | {
      /** A migration begins. */
      readonly type: 'started';
      /** The migration's tag. */
      readonly tag: string;
    }
  | {
      /** It failed for what passes, such as a lock that was not to be had, and is tried again. */
      readonly type: 'retrying';
      /** The migration's tag. */
      readonly tag: string;
      /** How long it waits before that, in milliseconds. */
      readonly waitMs: number;
    }
  | {
      /** A migration is there, and in the books. */
      readonly type: 'applied';
      /** The migration's tag. */
      readonly tag: string;
    };

/** Which database and migrations, and how long to wait: times are in milliseconds. */
export interface MigrateOptions {
  /** Defaults to `process.env.DATABASE_URL`. Of the server itself, or a pooler in session mode. */
  readonly url?: string | undefined;
  /** Defaults to the migrations of this package. */
  readonly migrationsFolder?: string | undefined;
  /**
   * How long a statement waits for a table's lock, 500 ms by default. It is also how long readers
   * and writers of that table can queue behind it, so raise `lockAttempts` rather than this.
   */
  readonly lockTimeoutMs?: number | undefined;
  /** How often in all a migration is tried whose lock was not to be had, 20 by default. */
  readonly lockAttempts?: number | undefined;
  /**
   * How long to wait for another deploy that is migrating, in milliseconds: 600,000, which is 10
   * minutes, by default.
   */
  readonly deployTimeoutMs?: number | undefined;
  /** Apply migrations that are older than one already applied, instead of refusing. */
  readonly allowLate?: boolean | undefined;
  /** Told of each step, in order. */
  readonly onProgress?: ((event: MigrateEvent) => void) | undefined;
}

/**
 * Brings a database up to date with the migrations, and returns the tags that it applied, in order;
 * none when there was nothing to do. Any number of processes may call it at once: one applies, the
 * others wait and find nothing left.
 *
 * The migrations of this package are recorded in `azora_db.migrations`; what an older release has
 * recorded in `drizzle.__drizzle_migrations` is moved there. Those of another folder are recorded
 * in the latter, as drizzle-kit does by default, so either tool can go on after the other.
 *
 * Each migration is one transaction together with its row in the books, so a failure keeps the
 * migrations before it and nothing of the failed one. A file that opens with the
 * comment `-- azora-db: no-transaction` runs outside a transaction, statement by statement, for
 * `create index concurrently` and its like.
 *
 * @throws MigrationError when a migration fails, was edited or deleted after being applied, was
 *   merged late, another deploy does not end, or a pooler keeps no session for it.
 * @throws AzoraDbError `MIGRATIONS_MISSING` when the folder has no journal or lacks a file that it
 * lists.
 */
export async function migrate(options: MigrateOptions = {}): Promise<{
  /** The tags of what was applied, in order. */
  applied: string[];
}> {
  requireObject('options', options);
  const migrations = readMigrations(options.migrationsFolder);
  return withClient(options.url, (client) =>
    withDeployLock(client, deployLock(options), () => applyPending(client, migrations, options)),
  );
}

async function applyPending(
  client: PoolClient,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<{ applied: string[] }> {
  const notify = options.onProgress ?? (() => undefined);
  const books = booksOf(migrations);
  const plan = planMigrations(migrations, await readApplied(client, books));
  assertConsistent(plan, { allowLate: options.allowLate ?? false });
  // Late ones are older than all that is pending.
  const todo = [...plan.late, ...plan.pending];
  const applied: string[] = [];
  notify({ type: 'planned', pending: todo.map(({ tag }) => tag) });
  const apply = (migration: Migration, record: BooksTable | null) =>
    applyMigration(client, migration, {
      ...lockSettings(options),
      // A folder of a service's own may rely on the search path that its role sets.
      searchPath: books === OUR_BOOKS ? 'public' : undefined,
      record,
      onRetry: (waitMs) => notify({ type: 'retrying', tag: migration.tag, waitMs }),
    });
  if (books === OUR_BOOKS) {
    const moves = await moveOurs(client);
    if (moves.length > 0) await apply(asMigration(MOVING, moves), null);
  }
  await ensureBooks(client, books);
  for (const migration of todo) {
    const { tag } = migration;
    notify({ type: 'started', tag });
    await apply(migration, books);
    applied.push(tag);
    notify({ type: 'applied', tag });
  }
  return { applied };
}

/** The settings with their defaults filled in; `push` shares them. */
export function lockSettings(options: MigrateOptions) {
  return {
    lockTimeoutMs: Math.max(1, Math.trunc(options.lockTimeoutMs ?? 500)),
    lockAttempts: options.lockAttempts ?? 20,
    searchPath: 'public',
  };
}

export function deployLock(options: MigrateOptions) {
  return {
    timeoutMs: options.deployTimeoutMs ?? 600_000,
    onWait: () => options.onProgress?.({ type: 'waiting' }),
  };
}
