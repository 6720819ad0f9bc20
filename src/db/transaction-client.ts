import type { QueryConfig, QueryResult } from 'pg';
import {
  RetryableError,
  TransactionAbortedError,
  TransactionEndedError,
  TransactionOverlapError,
} from '../errors.ts';
import type { Connection } from './connection.ts';
import type { Executor } from './pool-executor.ts';
import { fromDriver } from './to-db-error.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** How a transaction began; a savepoint keeps the isolation and may only add read-only. */
export interface Modes {
  readonly isolation: Isolation;
  readonly readOnly: boolean;
}

/**
 * What a transaction, or a savepoint inside one, runs its statements on.
 *
 * PostgreSQL keeps savepoints on a stack: releasing or rolling back one takes every later one with
 * it, whoever opened that. So only the innermost may run statements and open another; the rest are
 * refused, because their work could vanish with somebody else's savepoint after their callers were
 * told that it is done.
 */
export class TransactionClient implements Executor {
  readonly connection: Connection;
  /** Unknown where somebody else began it. */
  readonly modes: Modes | undefined;
  readonly outer: TransactionClient | undefined;
  /** The first failed statement: after it the server accepts no more until a rollback. */
  failure: Error | undefined;
  #ended = false;

  constructor(connection: Connection, modes: Modes | undefined, outer?: TransactionClient) {
    this.connection = connection;
    this.modes = modes;
    this.outer = outer;
    connection.innermost = this;
  }

  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    const refusal = this.refuse();
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.connection.query(config, values).catch((error: unknown) => {
      throw this.fail(error);
    });
  }

  /**
   * Makes way for a savepoint, at once: what others send from here on is refused.
   *
   * @throws TransactionOverlapError or TransactionEndedError when it is not this one's turn.
   */
  nest(modes: Modes | undefined): TransactionClient {
    this.checkTurn();
    return new TransactionClient(this.connection, modes, this);
  }

  /** @throws TransactionOverlapError or TransactionEndedError when it is not this one's turn. */
  checkTurn(): void {
    const refusal = this.refuse();
    if (refusal !== undefined) throw refusal;
  }

  /** Remembers a failure, and returns the error to throw for it. */
  fail(error: unknown): Error {
    const translated = fromDriver(error);
    if (this.failure !== undefined && translated instanceof TransactionAbortedError) {
      return new TransactionAbortedError(this.failure);
    }
    if (translated instanceof RetryableError) this.connection.conflicts.add(translated);
    this.failure ??= translated;
    return translated;
  }

  /**
   * From here on statements are refused, also of those left open inside: they would run outside of
   * it.
   */
  end(): void {
    this.#ended = true;
    if (this.isOpen) this.connection.innermost = this;
  }

  /** Whether the server still has it: one that is left open goes with the one around it. */
  get isOpen(): boolean {
    let at = this.connection.innermost;
    while (at !== undefined && at !== this) at = at.outer;
    return at === this;
  }

  /** Gives the turn back to the one around it. */
  close(): void {
    this.#ended = true;
    if (this.isOpen) this.connection.innermost = this.outer;
  }

  /** Why it may not send anything now, if it may not. */
  protected refuse(): Error | undefined {
    if (!this.#ended && this.connection.innermost === this) return undefined;
    const isOver = this.#ended || !this.isOpen;
    return isOver ? new TransactionEndedError() : new TransactionOverlapError();
  }
}
