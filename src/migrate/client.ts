import type { PoolClient } from 'pg';
import { connect, type Database } from '../db/connect.ts';
import { isPooled, sharesBackends } from '../db/pooler.ts';
import { fromDriver, isServerError } from '../db/to-db-error.ts';
import { ConnectError } from '../errors.ts';
import { sessionShared } from './errors.ts';

const CHECK_MS = 500;
const INVALID_PARAMETER_VALUE = '22023';

/**
 * Runs `work` on a connection of its own, without the timeouts that services have or that the
 * database or the role sets: a migration may take long, and says itself how long it waits for
 * locks. When this process dies, the server ends the session within half a second, whatever it is
 * running. What the server refuses comes as one of our errors.
 *
 * @throws MigrationError `SESSION_SHARED` through a pooler that keeps no session for it.
 */
export async function withClient<T>(
  url: string | undefined,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const db = await open(url);
  try {
    const client = await db.$client.connect();
    try {
      await refuseShared(client, db);
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

// What a pooler is refused for at connect() is of no account here, because migrations need more.
const POOLER_CODES = ['SETTINGS_NOT_KEPT', 'PREPARED_STATEMENTS_LOST', 'TRANSACTIONS_REFUSED'];

async function open(url: string | undefined): Promise<Database> {
  try {
    return await connect({
      url,
      max: 1,
      applicationName: 'azora-db migrate',
      statementTimeoutMs: 0,
      lockTimeoutMs: 0,
      idleInTransactionTimeoutMs: 0,
      requireMigrated: false,
    });
  } catch (error) {
    const isOfPooler = error instanceof ConnectError && POOLER_CODES.includes(error.code);
    throw isOfPooler ? sessionShared() : error;
  }
}

// In a session that is not its own it would lose its lock, and leave its settings to others.
async function refuseShared(client: PoolClient, { $client }: Database): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const isDirect = !isPooled(client, Number(rows[0]?.pid));
  if (!isDirect && (await sharesBackends(client, $client))) throw sessionShared();
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
