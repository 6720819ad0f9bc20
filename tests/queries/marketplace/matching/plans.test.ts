import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import { executorOf } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  listJobApplications,
  listJobs,
  listUserApplications,
  matchJobs,
  packJobs,
} from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const USER = '00000001-0000-7000-8000-000000000001';
const JOB = '00000002-0000-7000-8000-000000000001';
const AFTER = '2026-01-02 00:00:00+00';

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

// Three thousand jobs, one of which everybody applied to, and one user who applied to all.
beforeAll(async () => {
  await run(`insert into identity.users (id, email, name)
    select ('00000001-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n || '@example.com', 'U'
    from generate_series(1, 3000) n`);
  await run(`insert into marketplace.jobs (id, title, description, company, remote, location, salary_max, currency, posted_at)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Job ' || n,
      case when n % 600 = 0 then 'zebra' else '' end || repeat(' common words', 20), 'C', n % 2 = 0, 'Place ' || n % 5,
      n, 'ZAR', timestamptz '2026-01-01' + n * interval '1 minute'
    from generate_series(1, 3000) n`);
  await run(`insert into marketplace.job_applications (user_id, job_id, applied_at)
    select u.id, '${JOB}', timestamptz '2026-01-04' + row_number() over () * interval '1 minute' from identity.users u
    union all
    select '${USER}', j.id, timestamptz '2026-01-04' + row_number() over () * interval '1 minute'
    from marketplace.jobs j
    where j.id <> '${JOB}'`);
  await run('analyze identity.users, marketplace.jobs, marketplace.job_applications');
});

/** The plan of the statement that the call sends; by default the one that serves all calls once it was sent a few times. */
async function planOf(
  call: (db: Parameters<typeof listJobs>[0]) => Promise<unknown>,
  { mode = 'generic', values }: { mode?: 'generic' | 'custom'; values?: string } = {},
) {
  return transaction(database.db, async (tx) => {
    const executor = executorOf(tx);
    await executor.query(`set local plan_cache_mode = force_${mode}_plan`);
    await call(tx);
    const { rows } = await executor.query(
      `select name, parameter_types::text[] as types from pg_prepared_statements
      where name ~ '^select_' order by prepare_time desc limit 1`,
    );
    const [{ name, types }] = rows as [{ name: string; types: string[] }];
    // What the values are does not matter to a generic plan.
    const nulls = types.map((type) => `null::${type}`).join(', ');
    const plan = await executor.query(`explain execute ${name} (${values ?? nulls})`);
    return plan.rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

const cursorOf = (list: string, id: string) =>
  Buffer.from(JSON.stringify([list, [AFTER, id]])).toString('base64url');

describe('the plan', () => {
  it.each([
    [
      'listJobApplications',
      (db) => listJobApplications(db, { jobId: JOB, cursor: cursorOf('job_applications', USER) }),
      'job_applications_by_job_idx',
      'ROW(applied_at, user_id) < ROW(',
    ],
    [
      'listUserApplications',
      (db) =>
        listUserApplications(db, { userId: USER, cursor: cursorOf('user_applications', JOB) }),
      'job_applications_by_user_idx',
      'ROW(applied_at, job_id) < ROW(',
    ],
    [
      'listJobs with every filter',
      (db) =>
        listJobs(db, {
          remote: true,
          location: 'place 1',
          currency: 'ZAR',
          minSalary: 1n,
          cursor: cursorOf('jobs', JOB),
        }),
      'jobs_active_posted_idx',
      'ROW(posted_at, id) < ROW(',
    ],
  ] satisfies [string, Parameters<typeof planOf>[0], string, string][])(
    'of %s reads a range of its index, without a sort',
    async (_, call, index, range) => {
      const plan = await planOf(call);
      const lines = plan.split('\n');
      const scan = lines.findIndex((line) => line.includes(`using ${index}`));
      expect(scan, plan).toBeGreaterThanOrEqual(0);
      expect(lines[scan + 1]).toContain('Index Cond');
      expect(lines[scan + 1]).toContain(range);
      expect(plan).not.toContain('Sort');
    },
  );

  it('of matchJobs looks up the jobs of the page', async () => {
    const plan = await planOf((db) => matchJobs(db, { userId: USER }));
    expect(plan).toContain('Index Scan using jobs_pkey');
    expect(plan).not.toContain('Seq Scan on jobs');
  });

  // With so few jobs it would read them all; of a million it must not begin anew for each page.
  it('of packJobs can read the jobs after a page by key', async () => {
    await run(`insert into marketplace.skills (id, name, category) values (1, 'S', 't')`);
    await run(
      `insert into marketplace.job_skills (job_id, skill_id, level) values ('${JOB}', 1, 'EXPERT')`,
    );
    const db = await connect({ url: database.url, max: 1 });
    try {
      await db.$client.query('set enable_seqscan = off; set enable_sort = off');
      await packJobs(db);
      const { rows } = await db.$client.query(
        `select name from pg_prepared_statements where name like 'select_jobs_to_pack%'`,
      );
      await db.$client.query('set plan_cache_mode = force_generic_plan');
      const plan = await db.$client.query(`explain execute ${rows[0].name} ('${JOB}')`);
      const lines = plan.rows.map((row) => row['QUERY PLAN']);
      expect(lines[1]).toContain('Index Scan using job_vectors_pkey');
      expect(lines[2]).toContain('Index Cond: (job_id > $1)');
    } finally {
      await db.close();
    }
  });

  it.each(
    (['generic', 'custom'] as const).flatMap((mode) =>
      ['zebra', 'common'].map((word) => ({ mode, word })),
    ),
  )(
    'of a search takes the matches from the full-text index: $mode, $word',
    async ({ mode, word }) => {
      const plan = await planOf((db) => listJobs(db, { search: word, limit: 1 }), {
        mode,
        values: `null, null, null, null, null, 'infinity', '${USER}', 2, '${word}'`,
      });
      expect(plan).toContain('Bitmap Index Scan on jobs_search_idx');
      expect(plan).not.toContain('jobs_active_posted_idx');
      expect(plan).not.toContain('Seq Scan');
    },
  );
});
