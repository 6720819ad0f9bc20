import type { Database } from '../../src/db/connect.ts';
import { waitFor } from './wait-for.ts';

/**
 * How many deadlocks the connections of an application ran into, in this database, whatever became of them: a retried one
 * counts. They must have been closed, because a connection tells what it counted when it ends.
 */
export async function countDeadlocks(db: Database, applicationName: string): Promise<number> {
  await waitFor(`${applicationName} has no connection`, async () => {
    const { rows } = await db.$client.query(
      `select from pg_stat_activity
       where application_name = $1
         and datname = current_database()`,
      [applicationName],
    );
    return rows.length === 0;
  });
  const { rows } = await db.$client.query(
    'select deadlocks::integer from pg_stat_database where datname = current_database()',
  );
  return rows[0].deadlocks;
}

/** The same database, where deadlocks are found at once: before a statement's timeout could hide them. */
export function watchingForDeadlocks(url: string): string {
  const watching = new URL(url);
  watching.searchParams.set('options', '-c deadlock_timeout=20ms');
  return watching.href;
}
