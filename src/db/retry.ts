import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../errors.ts';
import { type Db, executorOf, isInTransaction } from './session.ts';
import { TransactionClient } from './transaction-client.ts';

export const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Waits before the next attempt, for a random time; says at once when there is none.
 *
 * "Full jitter": callers that collided spread over the whole pause instead of colliding again.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function pauseAfter(attempt: number, maxAttempts = MAX_ATTEMPTS): Promise<boolean> {
  if (attempt >= maxAttempts) return false;
  await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
  return true;
}

/**
 * Runs one statement again when it lost against a concurrent one (SQLSTATE 40001 or 40P01). Only
 * outside a transaction, where the failed statement has left nothing behind; inside,
 * `transaction()` runs everything again.
 */
export async function retryConflicts<T>(db: Db, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const isConflict = error instanceof RetryableError && !isInTransaction(db);
      if (!isConflict || !(await pauseAfter(attempt))) throw error;
    }
  }
}

/**
 * The error for what lost against a concurrent transaction, and shows it by its result alone.
 * Thrown inside a `transaction()`, it makes that run again.
 */
export function conflictOf(db: Db): Error {
  const conflict = new RetryableError(
    'SERIALIZATION_FAILURE',
    'a concurrent transaction stored the same, and this one cannot see it',
    { sqlState: '40001' },
  );
  const executor = executorOf(db);
  return executor instanceof TransactionClient ? executor.fail(conflict) : conflict;
}
