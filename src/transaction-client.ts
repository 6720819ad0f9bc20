import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { ConnectionLostError, TransactionAbortedError, TransactionEndedError } from './errors.ts';
import type { Executor } from './executor.ts';
import { endsSession, fromDriver, isServerError } from './to-db-error.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** A checked-out connection: statements one at a time, and a memory of whether it broke. */
export class Connection {
  /** Why this connection cannot be used any more. */
  lost: Error | undefined;
  readonly #client: PoolClient;
  #last: Promise<unknown> | undefined;
  #savepoints = 0;

  constructor(client: PoolClient) {
    this.#client = client;
    client.on('error', this.#onError);
  }

  /** Rejects with the driver's error, or with `lost` if nothing was sent. */
  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    // pg queues too, but has deprecated that.
    const result =
      this.#last === undefined
        ? this.#send(config, values)
        : this.#last.then(() => this.#send(config, values));
    const settled: Promise<void> = result.then(
      () => this.#settle(settled),
      (error: unknown) => {
        this.#notice(error);
        this.#settle(settled);
      },
    );
    this.#last = settled;
    return result;
  }

  /** Settles, never rejecting, when no statement is under way. */
  async idle(): Promise<void> {
    while (this.#last !== undefined) await this.#last;
  }

  /** Whether the server says that a transaction, perhaps a failed one, is open. */
  get inTransaction(): boolean {
    return this.#client.getTransactionStatus() !== 'I';
  }

  nextSavepoint(): string {
    this.#savepoints += 1;
    return `azora_${this.#savepoints}`;
  }

  /** Back to the pool if it is in order and outside a transaction, else closed. */
  release(): void {
    this.#client.off('error', this.#onError);
    const isClean = this.lost === undefined && !this.inTransaction;
    this.#client.release(!isClean);
  }

  #send(config: QueryConfig | string, values: unknown[] | undefined): Promise<QueryResult> {
    if (this.lost !== undefined) return Promise.reject(this.lost);
    return this.#client.query(config as string, values);
  }

  #notice(error: unknown): void {
    const translated = fromDriver(error);
    const isOver = isServerError(error) && endsSession(error.code);
    if (isOver || translated instanceof ConnectionLostError) this.lost ??= translated;
  }

  #settle(settled: Promise<void>): void {
    if (this.#last === settled) this.#last = undefined;
  }

  readonly #onError = (error: Error) => {
    this.lost ??= fromDriver(error);
  };
}

/** What a transaction, or a savepoint inside one, runs its statements on. */
export class TransactionClient implements Executor {
  readonly connection: Connection;
  readonly isolation: Isolation;
  /** The first failed statement: after it the server accepts no more until a rollback. */
  failure: Error | undefined;
  #ended = false;

  constructor(connection: Connection, isolation: Isolation) {
    this.connection = connection;
    this.isolation = isolation;
  }

  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    if (this.#ended) return Promise.reject(new TransactionEndedError());
    return this.connection.query(config, values).catch((error: unknown) => {
      throw this.fail(error);
    });
  }

  /** Remembers a failure, and returns the error to throw for it. */
  fail(error: unknown): Error {
    const translated = fromDriver(error);
    if (this.failure !== undefined && translated instanceof TransactionAbortedError) {
      return new TransactionAbortedError(this.failure);
    }
    this.failure ??= translated;
    return translated;
  }

  /** From here on statements are refused: they would run outside the transaction. */
  end(): void {
    this.#ended = true;
  }
}
