import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, executorOf } from '../../../db/session.ts';
import { TransactionClient } from '../../../db/transaction-client.ts';
import { RetryableError } from '../../../errors.ts';

const MAX_ATTEMPTS = 5;

/**
 * Runs one statement again when it lost against a concurrent one (SQLSTATE 40001 or 40P01). Only outside a
 * transaction, where the failed statement has left nothing behind; inside, `transaction()` runs everything again.
 */
export async function retryConflicts<T>(db: Db, run: () => Promise<T>): Promise<T> {
  const isAlone = !(executorOf(db) instanceof TransactionClient);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isAlone || attempt === MAX_ATTEMPTS || !(error instanceof RetryableError)) throw error;
      await sleep(Math.random() * 10 * 2 ** attempt);
    }
  }
}

/**
 * The error for what lost against a concurrent transaction, and shows it by its result alone. Thrown inside a
 * `transaction()`, it makes that run again.
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
