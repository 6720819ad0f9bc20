import { beforeEach, describe, expect, it } from 'vitest';
import { executorOf } from '../../../../../src/db/session.ts';
import { transaction } from '../../../../../src/db/transaction.ts';
import { closeJob, matchJobs } from '../../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../../setup/test-database.ts';
import { jobId, USER } from '../two-hundred-jobs.ts';

const database = useTestDatabase();

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

/** Jobs 1 to `count`, each asking for the person's only skill and `others` more; every `size` of them in a block. */
async function packJobsOfOneSkill(count: number, size: number, others: string, remote: string) {
  await run(`insert into marketplace.jobs (id, title, description, company, location, remote)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Job', '', 'C', 'X', ${remote}
    from generate_series(1, ${count}) n`);
  await run(`insert into marketplace.job_skills (job_id, skill_id, level, required)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, s, 'EXPERT', true
    from generate_series(1, ${count}) n
    cross join lateral generate_series(1, 1 + ${others}) s`);
  for (let first = 1; first <= count; first += size) {
    await run(`select marketplace.pack_block(array(
      select id from marketplace.jobs where id between '${jobId(first)}' and '${jobId(first + size - 1)}'
    ))`);
  }
}

beforeEach(async () => {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(
    `insert into identity.users (id, email, name) values ('${USER}', 'u@example.com', 'U')`,
  );
  await run(`insert into marketplace.skills (id, name, category)
    select n, 'skill ' || n, 't' from generate_series(1, 30) n`);
  await run(
    `insert into marketplace.user_skills (user_id, skill_id, level) values ('${USER}', 1, 'EXPERT')`,
  );
});

describe('a search of packed jobs', () => {
  it('looks past the best blocks when all jobs have left them', async () => {
    await packJobsOfOneSkill(20, 1, 'n', 'false');
    for (let n = 1; n <= 16; n += 1) await closeJob(database.db, { jobId: jobId(n) });
    const { items } = await matchJobs(database.db, { userId: USER });
    expect(items.map((match) => match.jobId)).toEqual([17, 18, 19, 20].map(jobId));
  });

  it('looks past the best blocks when none of their jobs passes the filter', async () => {
    await packJobsOfOneSkill(400, 10, 'case when n > 320 then 2 else 1 end', 'n > 320');
    const { items } = await transaction(database.db, async (tx) => {
      await executorOf(tx).query('set local azora_db.score_all_up_to = 1');
      return matchJobs(tx, { userId: USER, remote: true, limit: 100 });
    });
    expect(items).toHaveLength(80);
  });
});
