import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { TestingError } from './errors.ts';

const POLL_MILLISECONDS = 100;
const LOCK_TIMEOUT_MILLISECONDS = 300_000;

/**
 * Lets one connection at a time do the work that has this key.
 *
 * It polls for the lock instead of waiting in the server: a waiting statement holds a snapshot,
 * which `create index concurrently` in the migrations of the process that has the lock would wait
 * for.
 */
export async function withAdvisoryLock(
  admin: Client,
  key: string,
  work: () => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + LOCK_TIMEOUT_MILLISECONDS;
  while (!(await tryLock(admin, key))) {
    if (Date.now() > deadline) {
      throw new TestingError(
        'TEST_TEMPLATE_TIMEOUT',
        `Another process has been building ${key} for ${LOCK_TIMEOUT_MILLISECONDS / 1000} seconds.`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
  try {
    await work();
  } finally {
    // On a broken connection the server has let go of it already, and what broke is what the caller
    // has to see.
    await admin
      .query('select pg_advisory_unlock(hashtextextended($1, 0))', [key])
      .catch(() => undefined);
  }
}

async function tryLock(admin: Client, key: string): Promise<boolean> {
  const { rows } = await admin.query<{ locked: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked',
    [key],
  );
  return rows[0]?.locked ?? false;
}
