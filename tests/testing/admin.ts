import { withAdmin } from '../../src/testing/admin.ts';
import { testServerUrl } from '../setup/test-database.ts';

/** The ids and names of the databases of the run's server whose names match. */
export async function listDatabases(pattern: string): Promise<{ oid: number; name: string }[]> {
  return withAdmin(testServerUrl(), async (admin) => {
    const { rows } = await admin.query<{ oid: number; name: string }>(
      'select oid, datname as name from pg_database where datname like $1 order by datname',
      [pattern],
    );
    return rows;
  });
}

/** Runs one statement on the run's server. */
export async function runAdmin(text: string): Promise<void> {
  await withAdmin(testServerUrl(), (admin) => admin.query(text));
}
