import type { PoolClient } from 'pg';
import { connect } from '../db/connect.ts';
import { fromDriver, isServerError } from '../db/to-db-error.ts';

const CHECK_MS = 500;
const INVALID_PARAMETER_VALUE = '22023';

/**
 * Runs `work` on a connection of its own, without the timeouts that services have or that the
 * database or the role sets: a migration may take long, and says itself how long it waits for
 * locks. When this process dies, the server ends the session within half a second, whatever it is
 * running. What the server refuses comes as one of our errors.
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
    try {
      await resetSession(client);
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

/**
 * Gives the session the settings that it began with, whatever ran on it since, but for those that
 * the database or the role may set and no migration expects.
 */
export async function resetSession(client: PoolClient): Promise<void> {
  await client.query(
    'reset role; reset all; ' +
      "set default_transaction_read_only = off; set default_tablespace = ''",
  );
  // Asked for by name, because servers before 17 do not have it.
  await client.query(
    `select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'`,
  );
  await noticeLostClient(client);
}

// Otherwise a statement goes on, and with it the locks of a deploy that was killed.
async function noticeLostClient(client: PoolClient): Promise<void> {
  try {
    await client.query(`set client_connection_check_interval = ${CHECK_MS}`);
  } catch (error) {
    // The server's operating system cannot tell, as Windows cannot.
    if (!isServerError(error) || error.code !== INVALID_PARAMETER_VALUE) throw error;
  }
}
