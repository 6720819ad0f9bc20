import type { Logger } from 'drizzle-orm';
import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { InvalidInputError } from '../errors.ts';
import { toConnectError } from './connect-error.ts';
import { Connection } from './connection.ts';
import { mayBeSeveral, startDeadline } from './deadline.ts';
import { outgoing } from './outgoing.ts';
import { isClient } from './pg-shapes.ts';
import { isStale, refused, withServerName } from './statement-names.ts';
import { endsSession, isServerError } from './to-db-error.ts';
import { withParsers } from './type-parsers.ts';
import { type OnStatement, type Watch, watched } from './watch-statements.ts';

/** What runs statements for a database or a transaction. It rejects with this library's errors. */
export interface Executor {
  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult>;
}

/**
 * Whose pool it is, and how long the server may take to answer a statement before its connection is
 * closed.
 */
export interface PoolTerms {
  /**
   * Whether this library made it: then it has our parsers and a listener for the errors of its
   * connections.
   */
  readonly isOurs: boolean;
  readonly deadlineMs: number | undefined;
  /** Told of each statement that is sent. */
  readonly logger?: Logger | undefined;
  /** Told of each statement that has ended. */
  readonly onStatement?: OnStatement | undefined;
}

/**
 * Runs each statement on a pooled connection of its own, as `pool.query` does, with one difference:
 * a statement that the server refuses, such as a violated constraint, does not cost the connection.
 */
export class PoolExecutor implements Executor {
  readonly pool: Pool;
  readonly isOurs: boolean;
  readonly deadlineMs: number | undefined;
  readonly logger: Logger | undefined;
  readonly onStatement: OnStatement | undefined;

  constructor(pool: Pool, { isOurs, deadlineMs, logger, onStatement }: PoolTerms) {
    this.pool = pool;
    this.isOurs = isOurs;
    this.deadlineMs = deadlineMs;
    this.logger = logger;
    this.onStatement = onStatement;
  }

  /**
   * A prepared statement that has become stale is prepared anew and run once more: what failed
   * outside of a transaction has left nothing behind.
   */
  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    let checked: QueryConfig;
    try {
      checked = outgoing(config, values);
    } catch (error) {
      return Promise.reject(error);
    }
    const run = (watch?: Watch) =>
      this.#run(checked, watch).catch((error: unknown) => {
        if (!isStale(error)) throw error;
        return this.#run(checked, watch);
      });
    return this.onStatement === undefined ? run() : watched(this.onStatement, checked, run);
  }

  #run(config: QueryConfig, watch: Watch | undefined): Promise<QueryResult> {
    const sent = withServerName(config);
    try {
      // A copy, so that what a logger hides of it is stored all the same.
      this.logger?.logQuery(sent.text, [...(sent.values ?? [])]);
    } catch (error) {
      return Promise.reject(error);
    }
    // Translated in a promise reaction, because a stack captured there shows the caller.
    return this.#send(sent, watch).catch((error: unknown) => {
      throw refused(config, sent, error);
    });
  }

  #send(config: QueryConfig, watch: Watch | undefined): Promise<QueryResult> {
    return new Promise<QueryResult>((resolve, reject) => {
      this.pool.connect((failure, client, release) => {
        if (client === undefined) {
          reject(toConnectError(failure, this.pool));
          return;
        }
        watch?.sent();
        const { isOurs } = this;
        // The 'error' event of a connection that breaks: what runs on it is rejected anyhow.
        if (!isOurs) client.on('error', ignore);
        const callOff = startDeadline(client, mayBeSeveral(config) ? undefined : this.deadlineMs);
        let isDone = false;
        // Whatever the driver calls twice or late: a client is released once.
        const done = (error: unknown, result?: QueryResult) => {
          if (isDone) return;
          isDone = true;
          callOff();
          if (!isOurs) client.off('error', ignore);
          release(error === null || isReusableAfter(error) ? undefined : true);
          if (error === null) resolve(result as QueryResult);
          else reject(error);
        };
        try {
          client.query(withParsers(config, isOurs), done);
        } catch (error) {
          done(error);
        }
      });
    });
  }

  /** A connection for the caller alone, to be released by the caller. */
  async checkOut(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (error) {
      throw toConnectError(error, this.pool);
    }
  }

  /** The same, for a transaction. */
  async openConnection(): Promise<Connection> {
    const client = await this.checkOut();
    if (isClient(client)) return new Connection(client, this).listen();
    (client as PoolClient).release();
    throw new InvalidInputError('pool', 'must be of pg 8.23 or later');
  }
}

function ignore(): void {}

function isReusableAfter(error: unknown): boolean {
  return isServerError(error) && !endsSession(error);
}
