import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { toConnectError } from './connect-error.ts';
import { mayBeSeveral, startDeadline } from './deadline.ts';
import type { Executor } from './executor.ts';
import { endsSession, fromDriver, isServerError } from './to-db-error.ts';

/**
 * Runs each statement on a pooled connection of its own, as `pool.query` does, with one difference: a
 * statement that the server refuses, such as a violated constraint, does not cost the connection.
 */
export class PoolExecutor implements Executor {
  readonly pool: Pool;
  /** How long the server may take to answer a statement before its connection is closed. */
  readonly deadlineMs: number | undefined;

  constructor(pool: Pool, deadlineMs: number | undefined) {
    this.pool = pool;
    this.deadlineMs = deadlineMs;
  }

  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult> {
    return new Promise<QueryResult>((resolve, reject) => {
      this.pool.connect((failure, client, release) => {
        if (client === undefined) {
          reject(toConnectError(failure, this.pool));
          return;
        }
        const deadlineMs = mayBeSeveral(config, values) ? undefined : this.deadlineMs;
        const callOff = startDeadline(client, deadlineMs);
        const done = (error: Error | null, result: QueryResult) => {
          callOff();
          if (error) {
            release(isReusableAfter(error) ? undefined : error);
            reject(error);
          } else {
            release();
            resolve(result);
          }
        };
        try {
          if (values === undefined) client.query(config as string, done);
          else client.query(config as string, values, done);
        } catch (error) {
          callOff();
          release(true);
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
}

function isReusableAfter(error: Error): boolean {
  return isServerError(error) && !endsSession(error.code);
}
