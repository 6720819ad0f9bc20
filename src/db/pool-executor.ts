import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { toConnectError } from './connect-error.ts';
import { Connection } from './connection.ts';
import { mayBeSeveral, startDeadline } from './deadline.ts';
import { isClient } from './pg-shapes.ts';
import { endsSession, fromDriver, isServerError } from './to-db-error.ts';
import { withParsers } from './type-parsers.ts';

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
}

/**
 * Runs each statement on a pooled connection of its own, as `pool.query` does, with one difference:
 * a statement that the server refuses, such as a violated constraint, does not cost the connection.
 */
export class PoolExecutor implements Executor {
  readonly pool: Pool;
  readonly isOurs: boolean;
  readonly deadlineMs: number | undefined;

  constructor(pool: Pool, { isOurs, deadlineMs }: PoolTerms) {
    this.pool = pool;
    this.isOurs = isOurs;
    this.deadlineMs = deadlineMs;
  }

  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    return new Promise<QueryResult>((resolve, reject) => {
      this.pool.connect((failure, client, release) => {
        if (client === undefined) {
          reject(toConnectError(failure, this.pool));
          return;
        }
        const { isOurs } = this;
        // The 'error' event of a connection that breaks: what runs on it is rejected anyhow.
        if (!isOurs) client.on('error', ignore);
        const deadlineMs = mayBeSeveral(config, values) ? undefined : this.deadlineMs;
        const callOff = startDeadline(client, deadlineMs);
        const giveBack = (error?: Error | boolean) => {
          callOff();
          if (!isOurs) client.off('error', ignore);
          release(error);
        };
        const done = (error: Error | null, result: QueryResult) => {
          if (error) {
            giveBack(isReusableAfter(error) ? undefined : error);
            reject(error);
          } else {
            giveBack();
            resolve(result);
          }
        };
        const sent = withParsers(config, isOurs);
        try {
          if (values === undefined) client.query(sent as string, done);
          else client.query(sent as string, values, done);
        } catch (error) {
          giveBack(true);
          reject(error);
        }
      });
      // Translated in a promise reaction, because a stack captured there shows the caller.
    }).catch((error: unknown) => {
      throw fromDriver(error);
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
    if (isClient(client)) return new Connection(client, this.isOurs, this.deadlineMs).listen();
    (client as PoolClient).release();
    throw new TypeError('the pool must be of pg 8.23 or later');
  }
}

function ignore(): void {}

function isReusableAfter(error: Error): boolean {
  return isServerError(error) && !endsSession(error.code);
}
