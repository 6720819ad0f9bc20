import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import {
  ConnectionLostError,
  RetryableError,
  TransactionAbortedError,
  TransactionEndedError,
  TransactionOverlapError,
} from '../errors.ts';
import { mayBeSeveral, setsTimeout, startDeadline } from './deadline.ts';
import type { Executor } from './executor.ts';
import { endsSession, fromDriver, isServerError } from './to-db-error.ts';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** A checked-out connection: statements one at a time, and a memory of whether it broke. */
export class Connection {
  /** Why this connection cannot be used any more. */
  lost: Error | undefined;
  /** Whose turn it is: the transaction, or the savepoint opened last of those still open. */
  innermost: TransactionClient | undefined;
  /** What its own statements lost against concurrent transactions: no other conflict is a reason to run it again. */
  readonly conflicts = new WeakSet<Error>();
  readonly #client: PoolClient;
  #deadlineMs: number | undefined;
  #last: Promise<unknown> | undefined;
  #savepoints = 0;

  constructor(client: PoolClient, deadlineMs: number | undefined) {
    this.#client = client;
    this.#deadlineMs = deadlineMs;
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
    // How long statements may run is the transaction's own affair from here on, and not known here.
    if (setsTimeout(config, values)) this.#deadlineMs = undefined;
    const deadlineMs = mayBeSeveral(config, values) ? undefined : this.#deadlineMs;
    const callOff = startDeadline(this.#client, deadlineMs);
    return this.#client.query(config as string, values).finally(callOff);
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

/** How a transaction began; a savepoint keeps the isolation and may only add read-only. */
export interface Modes {
  readonly isolation: Isolation;
  readonly readOnly: boolean;
}

/**
 * What a transaction, or a savepoint inside one, runs its statements on.
 *
 * PostgreSQL keeps savepoints on a stack: releasing or rolling back one takes every later one with it, whoever
 * opened that. So only the innermost may run statements and open another; the rest are refused, because
 * their work could vanish with somebody else's savepoint after their callers were told that it is done.
 */
export class TransactionClient implements Executor {
  readonly connection: Connection;
  readonly modes: Modes;
  /** The first failed statement: after it the server accepts no more until a rollback. */
  failure: Error | undefined;
  readonly #outer: TransactionClient | undefined;
  #ended = false;

  constructor(connection: Connection, modes: Modes, outer?: TransactionClient) {
    this.connection = connection;
    this.modes = modes;
    this.#outer = outer;
    connection.innermost = this;
  }

  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    if (this.#ended || this.connection.innermost !== this) return Promise.reject(this.#refusal());
    return this.connection.query(config, values).catch((error: unknown) => {
      throw this.fail(error);
    });
  }

  /**
   * Makes way for a savepoint, at once: what others send from here on is refused.
   *
   * @throws TransactionOverlapError or TransactionEndedError when it is not this one's turn.
   */
  nest(modes: Modes): TransactionClient {
    this.checkTurn();
    return new TransactionClient(this.connection, modes, this);
  }

  /** @throws TransactionOverlapError or TransactionEndedError when it is not this one's turn. */
  checkTurn(): void {
    if (this.#ended || this.connection.innermost !== this) throw this.#refusal();
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

  /** From here on statements are refused, also of those left open inside: they would run outside of it. */
  end(): void {
    this.#ended = true;
    if (this.isOpen) this.connection.innermost = this;
  }

  /** Whether the server still has it: one that is left open goes with the one around it. */
  get isOpen(): boolean {
    let at = this.connection.innermost;
    while (at !== undefined && at !== this) at = at.#outer;
    return at === this;
  }

  /** Gives the turn back to the one around it. */
  close(): void {
    this.#ended = true;
    if (this.isOpen) this.connection.innermost = this.#outer;
  }

  #refusal(): Error {
    const isOver = this.#ended || !this.isOpen;
    return isOver ? new TransactionEndedError() : new TransactionOverlapError();
  }
}
