import type { QueryConfig, QueryResult } from 'pg';
import {
  RetryableError,
  TransactionAbortedError,
  TransactionEndedError,
  TransactionOverlapError,
} from '../errors.ts';
import type { Connection } from './connection.ts';
import { mayBeSeveral } from './deadline.ts';
import { outgoing } from './outgoing.ts';
import type { Executor } from './pool-executor.ts';
import { endsTransaction } from './sql-text.ts';

export const ENDED_BY_CALLBACK = 'the callback itself ran COMMIT or ROLLBACK';

const ENDINGS = ['COMMIT', 'ROLLBACK', 'PREPARE'];

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
    let sent: QueryConfig;
    try {
      this.checkTurn();
      sent = outgoing(config, values);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.connection.run(sent).then(
      (result) => {
        this.#checkOpen(sent.text, result);
        return result;
      },
      (error: unknown) => this.#throwFor(sent.text, this.fail(error)),
    );
  }

  /**
   * Throws the failure of a statement, or says that the transaction has ended with it: a COMMIT
   * that fails, or loses its connection, leaves none, and of a text of several statements nobody
   * knows which ran.
   */
  async #throwFor(text: string, failure: Error): Promise<never> {
    const { connection } = this;
    if (!endsTransaction(text)) throw failure;
    // pg rejects before it has read in which state the server is now.
    await connection.query('select').catch(() => undefined);
    const isOpen = connection.lost === undefined && connection.inTransaction;
    if (isOpen && !mayBeSeveral({ text })) throw failure;
    connection.endedBy ??= new TransactionEndedError(ENDED_BY_CALLBACK, { cause: failure });
    throw connection.endedBy;
  }

  /**
   * A transaction that a statement of the callback's own has ended is over for it, also where
   * `and chain` has begun another in its place.
   *
   * @throws TransactionEndedError then.
   */
  #checkOpen(text: string, result: QueryResult | QueryResult[]): void {
    const { connection } = this;
    const commands = Array.isArray(result)
      ? result.map(({ command }) => command)
      : [result.command];
    // Rolling back to a savepoint answers ROLLBACK too, and preparing a statement PREPARE.
    const mayHaveEnded = commands.some((command) => ENDINGS.includes(command));
    if (connection.inTransaction && !(mayHaveEnded && endsTransaction(text))) return;
    connection.endedBy ??= new TransactionEndedError(ENDED_BY_CALLBACK);
    throw connection.endedBy;
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

  /** Remembers what the connection rejected with, and returns the error to throw for it. */
  fail(rejection: unknown): Error {
    // Already of this library, or what a logger threw.
    const failure = rejection as Error;
    if (this.failure !== undefined && failure instanceof TransactionAbortedError) {
      return new TransactionAbortedError(this.failure);
    }
    if (failure instanceof RetryableError) this.connection.conflicts.add(failure);
    this.failure ??= failure;
    return failure;
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
    if (this.connection.endedBy !== undefined) return this.connection.endedBy;
    if (!this.#ended && this.connection.innermost === this) return undefined;
    const isOver = this.#ended || !this.isOpen;
    return isOver ? new TransactionEndedError() : new TransactionOverlapError();
  }
}
