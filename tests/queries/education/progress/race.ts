import type { Database } from '../../../../src/db/connect.ts';
import { waitFor } from '../../../setup/wait-for.ts';
import { poolOf } from '../fixture.ts';

/** Waits until a session of the database waits for a lock, or the call is over without having had to. */
export async function untilBlocked(db: Database, call: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  call.then(end, end);
  await waitFor('the call waits for a lock', async () => {
    if (isOver) return true;
    const { rows } = await poolOf(db).query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });
}

/** What the server has counted since it made the database, once every session has told it. */
export async function countDeadlocks(db: Database): Promise<number> {
  const { rows } = await poolOf(db).query(
    'select deadlocks::integer as count from pg_stat_database where datname = current_database()',
  );
  return rows[0]?.count as number;
}
