import {
  type AnyDrizzle,
  Database,
  type Db,
  executorOf,
  isOurDrizzle,
  openTransaction,
} from './session.ts';
import { transaction } from './transaction.ts';
import { TransactionClient } from './transaction-client.ts';

const made = new WeakMap<object, AnyDrizzle>();

/**
 * `db` as a Drizzle of this library, for queries that are written with Drizzle's builder: on one of
 * the caller's own they would reject with Drizzle's errors, which carry the bound values, and read
 * what its process has changed in `pg.types`.
 */
export function ourDrizzle(db: Db): AnyDrizzle {
  const executor = executorOf(db);
  if (isOurDrizzle(db)) return db;
  const known = made.get(executor);
  if (known !== undefined) return known;
  const ours =
    executor instanceof TransactionClient
      ? openTransaction(executor, transaction)
      : new Database(executor, transaction);
  made.set(executor, ours);
  return ours;
}
