import { beforeAll, expect, it } from 'vitest';
import { executorOf } from '../../../../../src/db/session.ts';
import { transaction } from '../../../../../src/db/transaction.ts';
import { matchJobs } from '../../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../../setup/test-database.ts';

const database = useTestDatabase();

const USER = '00000001-0000-7000-8000-000000000001';
const JOBS = 5_000;
/** Of the ten skills of the catalogue the user has four, and of each half of the jobs ask for them. */
const HELD = 4;

beforeAll(async () => {
  const run = (text: string) => database.db.$client.query(text);
  await run(
    `insert into identity.users (id, email, name) values ('${USER}', 'u@example.com', 'U')`,
  );
  await run(`insert into marketplace.skills (id, name, category) overriding system value
    select n, 'Read ' || n, 'Test' from generate_series(1001, 1010) n`);
  await run(`insert into marketplace.user_skills (user_id, skill_id, level)
    select '${USER}', n, 'EXPERT' from generate_series(1001, ${1_000 + HELD}) n`);
  await run(`insert into marketplace.jobs (title, description, company, remote, posted_at)
    select 'Job ' || n, '', 'C', true, timestamptz '2026-01-01' + n * interval '1 minute'
    from generate_series(1, ${JOBS}) n`);
  await run('select setseed(0.5)');
  await run(`insert into marketplace.job_skills (job_id, skill_id, level, required)
    select j.id, n, 'BEGINNER', n % 2 = 0
    from marketplace.jobs j, generate_series(1001, 1010) n
    where random() < 0.5`);
  await run(
    'vacuum (analyze) marketplace.jobs, marketplace.job_vectors, marketplace.skill_postings',
  );
});

// Once a million jobs are there, reading the sample by any other index takes 150 ms and more. By a counter and not by the
// plan, because the statement is in a function; the counter goes on from one transaction to the next until the server
// collects it.
it('matchJobs reads its sample by the index that has nothing else', async () => {
  const read = await transaction(database.db, async (tx) => {
    const count = async () => {
      const { rows } = await executorOf(tx).query(
        `select pg_stat_get_xact_tuples_returned('marketplace.skill_postings_sample_idx'::regclass)::integer as entries`,
      );
      return rows[0]?.entries as number;
    };
    const before = await count();
    const { items } = await matchJobs(tx, { userId: USER });
    expect(items).toHaveLength(20);
    return (await count()) - before;
  });
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan((HELD * JOBS) / 2 / 8);
});
