import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { BooksTable } from '../books.ts';
import { findTransactionControl, isConcurrent } from '../db/sql-text.ts';
import { recordApplied } from './bookkeeping.ts';
import { resetSession } from './client.ts';
import { assertDeployLock } from './deploy-lock.ts';
import { MigrationError, migrationFailed, transactionControl } from './errors.ts';
import { dropInvalidIndex } from './invalid-index.ts';
import type { Migration } from './migration-files.ts';

export interface ApplySettings {
  /** How long one statement may wait for a lock, and so the longest that it can hold up others. */
  readonly lockTimeoutMs: number;
  /** How often a migration is tried whose lock was not to be had. */
  readonly lockAttempts: number;
  readonly onRetry: (waitMs: number) => void;
  /**
   * Where names without a schema are looked for and made, if the migrations are written for one
   * place and not for that which the database or the role sets.
   */
  readonly searchPath: string | undefined;
}

// Lock not available, deadlock, serialization failure: nothing is wrong with the migration.
const RETRYABLE = new Set(['55P03', '40P01', '40001']);
const MAX_BACKOFF_MS = 5_000;

/**
 * Applies one migration and notes it as applied in the books of `record`, unless null. In a
 * transaction it is all or nothing; a migration marked `no-transaction` runs one statement at a
 * time and is begun again from its first statement after a failure, so its statements must bear
 * being repeated.
 *
 * @throws MigrationError `MIGRATION_FAILED` naming the file and the statement;
 *   `MIGRATION_TRANSACTION_CONTROL` for one that would begin or end a transaction itself.
 */
export async function applyMigration(
  client: PoolClient,
  migration: Migration,
  settings: ApplySettings & { readonly record: BooksTable | null },
): Promise<void> {
  refuseTransactionControl(migration);
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Whatever the migration before it set.
      await resetSession(client);
      const { searchPath } = settings;
      if (searchPath !== undefined) await client.query(`set search_path = ${searchPath}`);
      if (migration.transactional) {
        await applyInTransaction(client, migration, settings);
      } else {
        await applyStepwise(client, migration, settings);
      }
      return;
    } catch (error) {
      if (attempt >= settings.lockAttempts || !isRetryable(error)) throw error;
      const waitMs = backoff(attempt, settings.lockTimeoutMs);
      settings.onRetry(waitMs);
      await sleep(waitMs);
    }
  }
}

/** Statements as a migration that is no file and is not recorded; `tag` is what errors call it. */
export function asMigration(tag: string, statements: readonly string[]): Migration {
  return { idx: 0, when: 0, tag, hash: '', hashes: [], statements, transactional: true };
}

// Such a statement would make what is said of a failure, or of success, untrue.
function refuseTransactionControl(migration: Migration): void {
  for (const [index, statement] of migration.statements.entries()) {
    const found = findTransactionControl(statement);
    if (found !== undefined) throw transactionControl(migration, index, found);
  }
}

async function applyInTransaction(
  client: PoolClient,
  migration: Migration,
  settings: ApplySettings & { readonly record: BooksTable | null },
): Promise<void> {
  await client.query('begin');
  try {
    await assertDeployLock(client);
    await client.query(`set local lock_timeout = ${settings.lockTimeoutMs}`);
    for (const [index, statement] of migration.statements.entries()) {
      await runStatement(client, migration, index, statement);
    }
    await record(client, migration, settings.record);
    await runStatement(client, migration, migration.statements.length, 'commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function applyStepwise(
  client: PoolClient,
  migration: Migration,
  settings: ApplySettings & { readonly record: BooksTable | null },
): Promise<void> {
  await assertDeployLock(client);
  for (const [index, statement] of migration.statements.entries()) {
    // Concurrent index builds wait for old transactions by design and hold nobody up meanwhile.
    const lockTimeoutMs = isConcurrent(statement) ? 0 : settings.lockTimeoutMs;
    await client.query(`set lock_timeout = ${lockTimeoutMs}`);
    try {
      await dropInvalidIndex(client, statement);
      await client.query(statement);
    } catch (error) {
      await dropInvalidIndex(client, statement).catch(() => undefined);
      throw migrationFailed(migration, index, error);
    }
  }
  await record(client, migration, settings.record);
}

// As the user who connected, whatever role the migration took on.
async function record(
  client: PoolClient,
  migration: Migration,
  books: BooksTable | null,
): Promise<void> {
  if (books === null) return;
  await client.query('reset role');
  await recordApplied(client, migration, books);
}

async function runStatement(
  client: PoolClient,
  migration: Migration,
  index: number,
  statement: string,
): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    throw migrationFailed(migration, index, error);
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof MigrationError && RETRYABLE.has(error.sqlState ?? '');
}

// Doubles, with jitter, so that deployers that collided do not collide again.
function backoff(attempt: number, lockTimeoutMs: number): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, Math.max(lockTimeoutMs, 50) * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}
