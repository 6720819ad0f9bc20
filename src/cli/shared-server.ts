import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { connect, type Database } from '../db/connect.ts';
import { tell } from './output.ts';
import { openTarget, type Target } from './target.ts';

// Any constant will do, as long as every release uses the same: these are the letters "azora".
const IN_USE = 0x617a6f7261n.toString();
const MAX_ATTEMPTS = 5;
// A session that was just closed is listed for a moment longer.
const SETTLE_MS = 500;
const POLL_MS = 50;

/** The server that a command works on, for as long as it does. */
export interface SharedServer {
  readonly target: Target;
  /** Stops the server if this process started it and nobody else has a session there. */
  leave(): Promise<void>;
}

/**
 * Opens the server that a command works on. An embedded one is not stopped by another process that
 * opened it in this way: each holds a shared advisory lock while it works there, and who stops the
 * server takes the lock alone.
 */
export async function openSharedServer(): Promise<SharedServer> {
  for (let attempt = 1; ; attempt += 1) {
    const target = await openTarget({ announce: false });
    if (target.embedded === null) return { target, leave: async () => undefined };
    try {
      const { db, session } = await join(target.url);
      return { target, leave: () => leave(target, db, session) };
    } catch (error) {
      // Who started it may just have stopped it; then it is started again.
      if (attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function join(url: string): Promise<{ db: Database; session: PoolClient }> {
  const db = await connect({ url, max: 1, requireMigrated: false });
  try {
    const session = await db.$client.connect();
    await session.query('select pg_advisory_lock_shared($1)', [IN_USE]);
    return { db, session };
  } catch (error) {
    void db.close();
    throw error;
  }
}

async function leave({ embedded, started }: Target, db: Database, session: PoolClient) {
  try {
    if (!started) return;
    if (await isAlone(session)) await embedded?.stop();
    else tell('The server has other sessions and is left running: `azora-db stop` stops it.');
  } finally {
    session.release(true);
    await db.close();
  }
}

/** Takes the lock alone, if nobody else has it and nobody else is there. */
async function isAlone(session: PoolClient): Promise<boolean> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const { rows } = await session.query<{ alone: boolean }>(
      `select pg_try_advisory_lock($1) and not exists (
         select
         from pg_stat_activity
         where backend_type = 'client backend'
           and pid <> pg_backend_pid()
       ) as alone`,
      [IN_USE],
    );
    if (rows[0]?.alone) return true;
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
}
