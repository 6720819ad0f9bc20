import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';

const POLL_MS = 50;

export interface AdvisoryLock {
  /** Of 8 bytes; the same everywhere that the work is done. */
  readonly key: bigint;
  readonly timeoutMs: number;
  /** Called once, when another holder was found. */
  readonly onWait?: (() => void) | undefined;
  /** The error to throw when the other holder kept it for `timeoutMs`. */
  readonly onTimeout: () => Error;
}

/**
 * Runs `work` while nobody else on this server's database holds the lock.
 *
 * The lock is polled for, never waited for inside the server: a session that waits holds a
 * snapshot, and `create index concurrently` in the holder waits for that snapshot, a deadlock.
 * PostgreSQL frees the lock with the session, which ends with a killed process.
 */
export async function withAdvisoryLock<T>(
  client: ClientBase,
  lock: AdvisoryLock,
  work: () => Promise<T>,
): Promise<T> {
  const key = lock.key.toString();
  const deadline = performance.now() + lock.timeoutMs;
  for (let tries = 0; !(await tryLock(client, key)); tries += 1) {
    if (tries === 0) lock.onWait?.();
    if (performance.now() >= deadline) throw lock.onTimeout();
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    // On a broken connection the server has let go of it already, and what broke is what the caller
    // has to see.
    await client.query('select pg_advisory_unlock($1)', [key]).catch(() => undefined);
  }
}

async function tryLock(client: ClientBase, key: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    'select pg_try_advisory_lock($1) as locked',
    [key],
  );
  return rows[0]?.locked ?? false;
}
