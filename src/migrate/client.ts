import type { PoolClient } from 'pg';
import { connect } from '../connect.ts';
import { fromDriver } from '../to-db-error.ts';

/**
 * Runs `work` on a connection of its own, without the timeouts that services have: a migration may
 * take long, and says itself how long it waits for locks. What the server refuses comes as one of
 * our errors.
 */
export async function withClient<T>(
  url: string | undefined,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const db = await connect({
    url,
    max: 1,
    applicationName: 'azora-db migrate',
    statementTimeoutMs: 0,
    lockTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
    requireMigrated: false,
  });
  try {
    const client = await db.$client.connect();
    // A connection that breaks between two queries is reported by the next query.
    client.on('error', () => undefined);
    try {
      return await work(client);
    } finally {
      // Closed and not kept, so that no setting and no lock outlives the work.
      client.release(true);
    }
  } catch (error) {
    throw fromDriver(error);
  } finally {
    await db.close();
  }
}
