import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/**
 * Ends a random busy connection of the application every few milliseconds, until `stop` is called or `most` were ended:
 * a storm without a last kill could ask for ever, since each try has to get through between two kills.
 *
 * @returns `stop`, which tells how many it ended
 */
export async function startKilling(options: {
  url: string;
  applicationName: string;
  most: number;
  everyMs: number;
}): Promise<{ stop(): Promise<number> }> {
  const client = new pg.Client({ connectionString: options.url });
  await client.connect();
  let isOver = false;
  let killed = 0;
  const killing = (async () => {
    while (!isOver && killed < options.most) {
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid)
         from (
           select pid
           from pg_stat_activity
           where application_name = $1
             and datname = current_database()
             and state = 'active'
           order by random()
           limit 1
         ) as victims`,
        [options.applicationName],
      );
      killed += rowCount ?? 0;
      await sleep(options.everyMs);
    }
  })();
  const stop = async () => {
    isOver = true;
    try {
      await killing;
    } finally {
      await client.end();
    }
    return killed;
  };
  return { stop };
}
