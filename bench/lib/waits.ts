import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/db/connect.ts';

/**
 * Looks every few milliseconds at what the busy backends of this database wait for while `work`
 * runs, and returns the shares, the largest first: `CPU` is a backend that waits for nothing.
 */
export async function sampleWaits(db: Database, work: () => Promise<unknown>): Promise<string> {
  const seen = new Map<string, number>();
  let isOver = false;
  const sampler = (async () => {
    while (!isOver) {
      const { rows } = await db.$client.query(`
        select coalesce(wait_event_type || ':' || wait_event, 'CPU') as wait,
          count(*)::integer as backends
        from pg_stat_activity
        where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
        group by 1`);
      for (const { wait, backends } of rows) seen.set(wait, (seen.get(wait) ?? 0) + backends);
      await sleep(7);
    }
  })();
  await work();
  isOver = true;
  await sampler;
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  const shares = [...seen].sort((a, b) => b[1] - a[1]).slice(0, 4);
  return shares.map(([wait, count]) => `${wait} ${Math.round((100 * count) / total)}%`).join(', ');
}
