import type { PoolClient, QueryConfig } from 'pg';
import { ConnectError } from '../errors.ts';
import { settingsError } from './connect-error.ts';
import { startDeadline } from './deadline.ts';
import type { PoolExecutor } from './pool-executor.ts';
import { isPooled, keepsNames, sharesBackends } from './pooler.ts';
import { findFaults, type Wanted } from './session-settings.ts';
import { fromDriver, isServerError } from './to-db-error.ts';

/** What `connect()` has to know of the server. */
export interface Session {
  /** Such as 180004. */
  readonly version: number;
  readonly database: string;
  /** In milliseconds, 0 for none: a pooler or a role may have set another than ours. */
  readonly statementTimeout: number;
}

/**
 * Looks at one session, and through a pooler at how it keeps sessions.
 *
 * @throws ConnectError SETTINGS_NOT_KEPT, PREPARED_STATEMENTS_LOST or TRANSACTIONS_REFUSED.
 */
export async function checkSession(
  executor: PoolExecutor,
  wanted: readonly Wanted[],
): Promise<Session> {
  return withClient(executor, async (client) => {
    const { rows } = await client.query<string[]>(
      asText(SETTINGS, [wanted.map(({ name }) => name)]),
    );
    const settings = new Map(rows.map(([name = '', setting = '']) => [name, setting]));
    const [, , version, database = '', user, pid] = rows[0] ?? [];
    const faults = findFaults(wanted, settings);
    if (faults.length > 0) throw settingsError(faults, { user, database });
    if (isPooled(client, Number(pid))) await checkPooler(client, executor);
    return {
      version: Number(version),
      database,
      statementTimeout: Number(settings.get('statement_timeout')),
    };
  });
}

const SETTINGS = `
  select name, setting, current_setting('server_version_num'), current_database(), session_user,
    pg_backend_pid()
  from pg_settings
  where name = any($1 || '{statement_timeout}'::text[])`;

/** Whatever the process has done to pg's parsers. */
function asText(text: string, values: unknown[]): QueryConfig & { rowMode: 'array' } {
  return {
    text,
    values,
    rowMode: 'array',
    types: { getTypeParser: () => (value: string) => value },
  };
}

async function checkPooler(client: PoolClient, { pool }: PoolExecutor): Promise<void> {
  let passesNames: boolean;
  try {
    passesNames = await keepsNames(client);
  } catch (error) {
    // PgBouncer has one code for whatever it says itself.
    const isRefusal = isServerError(error) && /transaction blocks not allowed/.test(error.message);
    if (!isRefusal) throw error;
    throw new ConnectError(
      'TRANSACTIONS_REFUSED',
      'the pooler allows no transactions: set its pool_mode to transaction or session',
    );
  }
  if (!passesNames || !(await sharesBackends(client, pool))) return;
  throw new ConnectError(
    'PREPARED_STATEMENTS_LOST',
    'the pooler gives each transaction another session and keeps no prepared statements: set ' +
      'max_prepared_statements above 0 in PgBouncer 1.21 or later, use its session mode, or ' +
      'connect with preparedStatements: false',
  );
}

async function withClient<T>(
  executor: PoolExecutor,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await executor.checkOut();
  client.on('error', ignore);
  const callOff = startDeadline(client, executor.deadlineMs);
  let isInOrder = false;
  try {
    const result = await work(client);
    isInOrder = true;
    return result;
  } catch (error) {
    throw fromDriver(error);
  } finally {
    callOff();
    client.off('error', ignore);
    client.release(!isInOrder);
  }
}

function ignore(): void {}
