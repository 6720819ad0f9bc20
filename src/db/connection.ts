import type { Logger } from 'drizzle-orm';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { ConnectionLostError, type TransactionEndedError } from '../errors.ts';
import { mayBeSeveral, setsTimeout, startDeadline } from './deadline.ts';
import { refused, withServerName } from './statement-names.ts';
import { endsSession, fromDriver, isServerError } from './to-db-error.ts';
import { withParsers } from './type-parsers.ts';
import { type OnStatement, type Watch, watched } from './watch-statements.ts';

/** A transaction or a savepoint, and the one around it. */
interface Nested {
  readonly outer: Nested | undefined;
}

/** What holds for the connections of a pool. */
interface ConnectionTerms {
  /** It comes from a pool that has our parsers. */
  readonly isOurs: boolean;
  readonly deadlineMs: number | undefined;
  readonly logger?: Logger | undefined;
  readonly onStatement?: OnStatement | undefined;
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
  /** Set when a statement of the callback's own has ended the transaction. */
  endedBy: TransactionEndedError | undefined;
  readonly #client: PoolClient;
  readonly #isOurs: boolean;
  readonly #logger: Logger | undefined;
  readonly #onStatement: OnStatement | undefined;
  #deadlineMs: number | undefined;
  #last: Promise<unknown> | undefined;
  #savepoints = 0;

  constructor(client: PoolClient, { isOurs, deadlineMs, logger, onStatement }: ConnectionTerms) {
    this.#client = client;
    this.#isOurs = isOurs;
    this.#deadlineMs = deadlineMs;
    this.#logger = logger;
    this.#onStatement = onStatement;
  }

  /** From here on a loss between statements is noticed too, until it is released. */
  listen(): this {
    this.#client.on('error', this.#onError);
    return this;
  }

  /** Rejects with this library's error, which is `lost` if nothing was sent. */
  query(text: string): Promise<QueryResult> {
    return this.run({ text });
  }

  /** The same for a statement that `outgoing` has checked. */
  run(config: QueryConfig): Promise<QueryResult> {
    if (this.#onStatement === undefined) return this.#queue(config);
    return watched(this.#onStatement, config, (watch) => this.#queue(config, watch));
  }

  #queue(config: QueryConfig, watch?: Watch): Promise<QueryResult> {
    const send = () => this.#send(config, watch);
    // pg queues too, but has deprecated that.
    const result = this.#last === undefined ? send() : this.#last.then(send);
    const settle = () => {
      if (this.#last === settled) this.#last = undefined;
    };
    const settled: Promise<void> = result.then(settle, settle);
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

  #send(config: QueryConfig, watch: Watch | undefined): Promise<QueryResult> {
    if (this.lost !== undefined) return Promise.reject(this.lost);
    const sent = withServerName(config);
    try {
      // A copy, so that what a logger hides of it is stored all the same.
      this.#logger?.logQuery(sent.text, [...(sent.values ?? [])]);
    } catch (error) {
      return Promise.reject(error);
    }
    // How long statements may run is the transaction's own affair from here on, and not known here.
    if (setsTimeout(config)) this.#deadlineMs = undefined;
    const deadlineMs = mayBeSeveral(config) ? undefined : this.#deadlineMs;
    const callOff = startDeadline(this.#client, deadlineMs);
    watch?.sent();
    return this.#client
      .query(withParsers(sent, this.#isOurs))
      .finally(callOff)
      .catch((error: unknown) => {
        const translated = refused(config, sent, error);
        const isOver = isServerError(error) && endsSession(error);
        if (isOver || translated instanceof ConnectionLostError) this.lost ??= translated;
        throw translated;
      });
  }

  readonly #onError = (error: Error) => {
    this.lost ??= fromDriver(error);
  };
}
