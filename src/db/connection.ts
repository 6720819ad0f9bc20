import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { ConnectionLostError } from '../errors.ts';
import { mayBeSeveral, setsTimeout, startDeadline } from './deadline.ts';
import { endsSession, fromDriver, isServerError } from './to-db-error.ts';
import { withParsers } from './type-parsers.ts';

/** A transaction or a savepoint, and the one around it. */
interface Nested {
  readonly outer: Nested | undefined;
}

/** A checked-out connection: statements one at a time, and a memory of whether it broke. */
export class Connection {
  /** Why this connection cannot be used any more. */
  lost: Error | undefined;
  /** Whose turn it is: the transaction, or the savepoint opened last of those still open. */
  innermost: Nested | undefined;
  /**
   * What its own statements lost against concurrent transactions: no other conflict is a reason to
   * run it again.
   */
  readonly conflicts = new WeakSet<Error>();
  readonly #client: PoolClient;
  readonly #isOurs: boolean;
  #deadlineMs: number | undefined;
  #last: Promise<unknown> | undefined;
  #savepoints = 0;

  /** `isOurs`: it comes from a pool that has our parsers. */
  constructor(client: PoolClient, isOurs: boolean, deadlineMs: number | undefined) {
    this.#client = client;
    this.#isOurs = isOurs;
    this.#deadlineMs = deadlineMs;
  }

  /** From here on a loss between statements is noticed too, until it is released. */
  listen(): this {
    this.#client.on('error', this.#onError);
    return this;
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
    const sent = withParsers(config, this.#isOurs);
    return this.#client.query(sent as string, values).finally(callOff);
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
