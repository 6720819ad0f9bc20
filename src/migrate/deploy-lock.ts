import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { MigrationError } from './errors.ts';

// Any constant will do, as long as every release uses the same: these are the letters "azoradb".
const DEPLOY_LOCK = 0x617a6f72616462n.toString();
const POLL_MS = 50;

export interface DeployLockOptions {
  readonly timeoutMs: number;
  /** Called once, when another holder was found. */
  readonly onWait: () => void;
}

/**
 * Runs `work` while no other process of this library migrates the same database.
 *
 * The lock is polled for, never waited for inside the server: a session that waits holds a
 * snapshot, and `create index concurrently` in the holder waits for that snapshot, a deadlock.
 * PostgreSQL frees the lock with the session, which ends with a killed deploy: see `withClient`.
 *
 * @throws MigrationError `DEPLOY_LOCK_TIMEOUT` when another process kept the lock for `timeoutMs`.
 */
export async function withDeployLock<T>(
  client: PoolClient,
  options: DeployLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (let tries = 0; !(await tryLock(client)); tries += 1) {
    if (tries === 0) options.onWait();
    if (performance.now() >= deadline) {
      throw new MigrationError(
        'DEPLOY_LOCK_TIMEOUT',
        `Another process has been migrating this database for ${options.timeoutMs} ms. ` +
          "Wait for it to end and try again; select from pg_locks where locktype = 'advisory' " +
          'shows its pid.',
      );
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    // On a broken connection the server has let go of it already.
    await client.query('select pg_advisory_unlock($1)', [DEPLOY_LOCK]).catch(() => undefined);
  }
}

async function tryLock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'select pg_try_advisory_lock($1) as locked',
    [DEPLOY_LOCK],
  );
  return rows[0]?.locked ?? false;
}
