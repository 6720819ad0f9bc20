import { is } from 'drizzle-orm';
import { NodePgTransaction } from 'drizzle-orm/node-postgres';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { InvalidInputError, TransactionEndedError } from '../errors.ts';
import { Connection } from './connection.ts';
import { isClient, isPool } from './pg-shapes.ts';
import { PoolExecutor } from './pool-executor.ts';
import { TransactionClient } from './transaction-client.ts';

// By the pool, or by the session of a transaction.
const adopted = new WeakMap<object, PoolExecutor | AdoptedTransaction>();

/** What runs our statements for a Drizzle that is not of this library. */
export function adopt(db: unknown, session: unknown): PoolExecutor | TransactionClient {
  const { client } = (session ?? {}) as { client?: unknown };
  if (isPool(client)) {
    return remembered(
      client,
      () => new PoolExecutor(client, { isOurs: false, deadlineMs: undefined }),
    );
  }
  // A connection on which nobody began a transaction is refused: two callers that begin one there
  // would share it.
  if (isClient(client) && (is(db, NodePgTransaction) || client.getTransactionStatus() !== 'I')) {
    return remembered(session as object, () => new AdoptedTransaction(client));
  }
  throw new InvalidInputError(
    'db',
    'must come from this copy of @azora/db, or be a Drizzle over a pool of pg 8.23 or ' +
      'later, or a transaction of one',
  );
}

function remembered<T extends PoolExecutor | AdoptedTransaction>(key: object, make: () => T): T {
  const known = adopted.get(key) as T | undefined;
  if (known !== undefined) return known;
  const made = make();
  adopted.set(key, made);
  return made;
}

/** A transaction that somebody else began and will end. */
class AdoptedTransaction extends TransactionClient {
  constructor(client: PoolClient) {
    super(new Connection(client, { isOurs: false, deadlineMs: undefined }), undefined);
  }

  override async query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    const result = await super.query(config, values);
    // What failed before was undone by a savepoint that is not ours, or this had failed as well.
    this.failure = undefined;
    return result;
  }

  protected override refuse(): Error | undefined {
    // By now the connection may be somebody else's.
    return this.connection.inTransaction ? super.refuse() : new TransactionEndedError();
  }
}
