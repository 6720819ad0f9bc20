import { type AnyDrizzle, Database, type Db, executorOf, Transaction } from './session.ts';
import { transaction } from './transaction.ts';
import { TransactionClient } from './transaction-client.ts';

const made = new WeakMap<object, AnyDrizzle>();

/**
 * `db` as a Drizzle of this library, for queries that are written with Drizzle's builder: on one of
 * the caller's own they would reject with Drizzle's errors, which carry the bound values, and read
 * what its process has changed in `pg.types`.
 */
export function ourDrizzle(db: Db): AnyDrizzle {
  if (db instanceof Database || db instanceof Transaction) return db;
  const executor = executorOf(db);
  const known = made.get(executor);
  if (known !== undefined) return known;
  const ours =
    executor instanceof TransactionClient
      ? new Transaction(executor, transaction)
      : new Database(executor, transaction);
  made.set(executor, ours);
  return ours;
}
