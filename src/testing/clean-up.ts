import { requireServerUrl, withAdmin } from './admin.ts';
import { CLONE_PREFIX, isDeadClone } from './names.ts';
import { dropStaleTemplates } from './template.ts';

/**
 * Drops what earlier runs left on the server of `serverUrl`, which outlives them: databases whose
 * maker is gone and that nobody is connected to, and templates that no run has used for a day.
 *
 * @returns the names of what it dropped
 */
export async function dropLeftovers(serverUrl: string): Promise<string[]> {
  requireServerUrl(serverUrl);
  const clones = await withAdmin(serverUrl, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(
      `select datname as name
       from pg_database
       where starts_with(datname, $1)
         and not exists (
           select from pg_stat_activity where pg_stat_activity.datid = pg_database.oid
         )
       order by datname`,
      [CLONE_PREFIX],
    );
    const dead = rows.map(({ name }) => name).filter((name) => isDeadClone(name));
    // Two runs may be clearing up at the same time.
    for (const name of dead) await admin.query(`drop database if exists ${name} with (force)`);
    return dead;
  });
  return [...clones, ...(await dropStaleTemplates(serverUrl))];
}
