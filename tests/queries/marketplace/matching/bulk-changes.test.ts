import { beforeAll, describe, expect, it } from 'vitest';
import { matchJobs } from '../../../../src/queries/marketplace/matching/match-jobs.ts';
import { verifyJobIndex } from '../../../../src/queries/marketplace/matching/verify-job-index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const JOBS = 10_000;
const SKILLS = 500;
const USER = '00000001-0000-7000-8000-000000000001';

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

describe('one statement that changes the skills of 10,000 jobs', () => {
  beforeAll(async () => {
    await run(
      `insert into identity.users (id, email, name) values ('${USER}', 'u@example.com', 'U')`,
    );
    await run(`insert into marketplace.skills (id, name, category)
      select n, 'skill ' || n, 't' from generate_series(1, ${SKILLS}) n`);
    await run(
      `insert into marketplace.user_skills (user_id, skill_id, level) values ('${USER}', 7, 'EXPERT')`,
    );
    await run(`insert into marketplace.jobs (id, title, description, company, remote)
      select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Job', '', 'C', true
      from generate_series(1, ${JOBS} + 1) n`);
    // The last job is a decoy: it keeps skill 7, at which nobody else has it.
    await run(`insert into marketplace.job_skills (job_id, skill_id, level, required)
      select id, 10 + (row_number() over (order by id, s) + 97 * s) % ${SKILLS - 20}, 'BEGINNER', s < 2
      from marketplace.jobs, generate_series(0, 2) s
      where id < '00000002-0000-7000-8000-${(JOBS + 1).toString(16).padStart(12, '0')}'
      on conflict do nothing`);
    await run(`insert into marketplace.job_skills (job_id, skill_id, level)
      select max(id::text)::uuid, 7, 'EXPERT' from marketplace.jobs`);
  });

  it.each([
    ['raises every level', `update marketplace.job_skills set level = 'EXPERT'`],
    [
      'gives every job another skill',
      `update marketplace.job_skills js
      set skill_id = js.skill_id + 1
      from (
        select job_id, min(skill_id) as skill_id, array_agg(skill_id) as all_skills
        from marketplace.job_skills
        group by job_id
      ) f
      where js.job_id = f.job_id
      and js.skill_id = f.skill_id
      and js.skill_id <> 7
      and js.skill_id + 1 <> all (f.all_skills)`,
    ],
  ])('leaves the index right: %s', async (_, text) => {
    const { rowCount } = await database.db.$client.query(text);
    expect(rowCount).toBeGreaterThan(JOBS * 0.9);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    const { items } = await matchJobs(database.db, { userId: USER });
    expect(items.map(({ score }) => score)).toEqual([10_000]);
  });
});
