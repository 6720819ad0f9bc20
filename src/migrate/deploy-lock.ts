import type { PoolClient } from 'pg';
import { withAdvisoryLock } from '../db/advisory-lock.ts';
import { MigrationError, sessionShared } from './errors.ts';

// Any constant will do, as long as every release uses the same: these are the letters "azoradb".
const DEPLOY_LOCK = 0x617a6f72616462n;

export interface DeployLockOptions {
  readonly timeoutMs: number;
  /** Called once, when another holder was found. */
  readonly onWait: () => void;
}

/**
 * Runs `work` while no other process of this library migrates the same database. That the lock ends
 * with a killed deploy is the doing of `withClient`.
 *
 * @throws MigrationError `DEPLOY_LOCK_TIMEOUT` when another process kept the lock for `timeoutMs`.
 */
export async function withDeployLock<T>(
  client: PoolClient,
  { timeoutMs, onWait }: DeployLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const onTimeout = () =>
    new MigrationError(
      'DEPLOY_LOCK_TIMEOUT',
      `Another process has been migrating this database for ${timeoutMs} ms. ` +
        "Wait for it to end and try again; select from pg_locks where locktype = 'advisory' " +
        'shows its pid.',
    );
  return withAdvisoryLock(client, { key: DEPLOY_LOCK, timeoutMs, onWait, onTimeout }, work);
}

/**
 * The sure look: in a transaction it is about the backend that all of it runs on.
 *
 * @throws MigrationError `SESSION_SHARED` when the lock is another backend's.
 */
export async function assertDeployLock(client: PoolClient): Promise<void> {
  const { rowCount } = await client.query(
    `select from pg_locks
     where locktype = 'advisory' and granted and pid = pg_backend_pid() and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and classid::bigint << 32 | objid::bigint = $1::bigint`,
    [DEPLOY_LOCK.toString()],
  );
  if (rowCount === 0) throw sessionShared();
}
