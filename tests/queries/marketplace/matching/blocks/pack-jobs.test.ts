import { describe, expect, it } from 'vitest';
import { transaction } from '../../../../../src/db/transaction.ts';
import { closeJob } from '../../../../../src/queries/marketplace/jobs/close-job.ts';
import { createJob } from '../../../../../src/queries/marketplace/jobs/create-job.ts';
import { setJobSkills } from '../../../../../src/queries/marketplace/jobs/set-job-skills.ts';
import {
  BLOCKS_OF_GROUP,
  PLACES_OF_BLOCK,
} from '../../../../../src/queries/marketplace/matching/blocks/layout.ts';
import { packJobs } from '../../../../../src/queries/marketplace/matching/blocks/pack-jobs.ts';
import { findSkillGaps } from '../../../../../src/queries/marketplace/matching/find-skill-gaps.ts';
import { matchJobs } from '../../../../../src/queries/marketplace/matching/match-jobs.ts';
import { refreshSkillRanks } from '../../../../../src/queries/marketplace/matching/postings/refresh-skill-ranks.ts';
import { verifyJobIndex } from '../../../../../src/queries/marketplace/matching/verify-job-index.ts';
import { useClones } from '../../../../setup/clones.ts';
import { JOBS, jobId, storeTrades, USER } from '../trades.ts';

const database = useClones((db) => storeTrades((text) => db.$client.query(text)));

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

async function countPacked(): Promise<unknown> {
  const [row] = await run(`select count(*)::integer as jobs,
    (select count(distinct block_id)::integer from marketplace.packed_shares) as blocks from marketplace.packed_jobs`);
  return row;
}

/** The groups of blocks that any of the tables has. */
async function readGroups(): Promise<number[]> {
  const rows =
    await run(`select slot / ${PLACES_OF_BLOCK} / ${BLOCKS_OF_GROUP} as group_id from marketplace.packed_jobs
    union select block_id / ${BLOCKS_OF_GROUP} from marketplace.packed_shares
    union select group_id from marketplace.packed_bounds
    order by 1`);
  return rows.map((row) => Number(row.group_id));
}

/** All that a person can be told, page by page. */
async function readAnswers() {
  const { db } = database;
  const all = await matchJobs(db, { userId: USER, limit: 100 });
  const remote = await matchJobs(db, { userId: USER, remote: true });
  const next = await matchJobs(db, {
    userId: USER,
    limit: 100,
    cursor: all.nextCursor ?? undefined,
  });
  return { all, remote, next, gaps: await findSkillGaps(db, { userId: USER }) };
}

describe('packJobs', () => {
  it('packs jobs that are alike and leaves every answer as it was', async () => {
    const before = await readAnswers();
    const told: number[] = [];
    expect(await packJobs(database.db, { onProgress: (jobs) => told.push(jobs) })).toEqual({
      jobs: JOBS,
    });
    expect(told.at(-1)).toBe(JOBS);
    expect(await countPacked()).toEqual({ jobs: JOBS, blocks: told.length });
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    expect(await run('select from marketplace.skill_postings where size_class < 6')).toEqual([]);
    expect(await readAnswers()).toEqual(before);
    expect(before.all.items).toHaveLength(100);
    expect(before.gaps.length).toBeGreaterThan(0);
  });

  /** Gives each job of these a skill of its own. */
  async function scatterJobs(which: string): Promise<void> {
    await run(
      `delete from marketplace.job_skills js using marketplace.jobs j where j.id = js.job_id and ${which}`,
    );
    await run(
      `insert into marketplace.skills (id, name, category) select n, 'other ' || n, 't' from generate_series(100, 3000) n`,
    );
    await run(`insert into marketplace.job_skills (job_id, skill_id, level)
      select j.id, 100 + row_number() over (order by j.id), 'EXPERT' from marketplace.jobs j where ${which}`);
  }

  it('leaves jobs whose skills have nothing to do with each other among the postings', async () => {
    await scatterJobs(`j.id > '${jobId(1_000)}'`);
    await packJobs(database.db);
    const [packed] =
      await run(`select count(*) filter (where job_id <= '${jobId(1_000)}')::integer as alike,
      count(*) filter (where job_id > '${jobId(1_000)}')::integer as others
      from marketplace.packed_jobs`);
    expect(packed?.alike).toBe(1_000);
    // Some few share a block with jobs that are alike.
    expect(packed?.others).toBeLessThan((JOBS - 1_000) / 2);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('leaves all jobs there when most have nothing to do with each other', async () => {
    await packJobs(database.db);
    await scatterJobs(`j.id > '${jobId(500)}'`);
    expect(await packJobs(database.db)).toEqual({ jobs: 0 });
    expect(await countPacked()).toEqual({ jobs: 0, blocks: 0 });
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('looks at jobs that it left out again only when a tenth of all have come or changed', async () => {
    await scatterJobs(`j.id > '${jobId(1_000)}'`);
    const { jobs } = await packJobs(database.db);
    const [group] = await readGroups();
    const changeLeftOut = (level: string, after: string) =>
      run(`update marketplace.job_skills set level = '${level}' where job_id > '${after}'
        and job_id not in (select job_id from marketplace.packed_jobs)`);
    await changeLeftOut('BEGINNER', jobId(1_500));
    expect(await packJobs(database.db)).toEqual({ jobs });
    expect(await readGroups()).toEqual([group]);
    await changeLeftOut('ADVANCED', jobId(1_000));
    await packJobs(database.db);
    expect(await readGroups()).toEqual([Number(group) + 1]);

    // As many go as come, and those that come are not taken for them.
    await run(`delete from marketplace.jobs j where j.id > '${jobId(1_100)}'
      and not exists (select from marketplace.packed_jobs where job_id = j.id)`);
    await run(`insert into marketplace.jobs (id, title, description, company, remote)
      select ('00000003-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'New', '', 'C', true
      from generate_series(1, 180) n`);
    await run(`insert into marketplace.job_skills (job_id, skill_id, level)
      select n.id, s.skill_id, s.level from marketplace.jobs n, marketplace.job_skills s
      where n.title = 'New' and s.job_id = '${jobId(1)}'`);
    await packJobs(database.db);
    expect(await readGroups()).toEqual([Number(group) + 2]);
    expect(
      await run(`select count(*)::integer as packed from marketplace.jobs
      join marketplace.packed_jobs on job_id = id where title = 'New'`),
    ).toEqual([{ packed: 180 }]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('does nothing until a tenth of the jobs have changed, and then packs all anew', async () => {
    await packJobs(database.db);
    const [group] = await readGroups();
    const packed = await run('select slot, job_id from marketplace.packed_jobs order by slot');
    for (let n = 1; n <= 50; n += 1) await closeJob(database.db, { jobId: jobId(n) });
    expect(await packJobs(database.db)).toEqual({ jobs: JOBS - 50 });
    expect(await run('select slot, job_id from marketplace.packed_jobs order by slot')).toEqual(
      packed.filter(({ job_id: id }) => String(id) > jobId(50)),
    );
    await run(`update marketplace.jobs set status = 'CLOSED' where id <= '${jobId(300)}'`);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    expect(await packJobs(database.db)).toEqual({ jobs: JOBS - 300 });
    // In groups of their own; of the old ones nothing is left.
    expect(await readGroups()).toEqual([Number(group) + 1]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('counts a job that has changed once', async () => {
    await packJobs(database.db);
    const groups = await readGroups();
    const change = (level: string, last: number) =>
      run(`update marketplace.job_skills set level = '${level}' where job_id <= '${jobId(last)}'`);
    await change('EXPERT', 0.06 * JOBS);
    expect(await packJobs(database.db)).toEqual({ jobs: 0.94 * JOBS });
    expect(await readGroups()).toEqual(groups);
    await change('INTERMEDIATE', 0.11 * JOBS);
    expect(await packJobs(database.db)).toEqual({ jobs: JOBS });
    expect(await readGroups()).not.toEqual(groups);
  });

  it('lets a job that changes go back to the postings at once', async () => {
    await packJobs(database.db);
    await setJobSkills(database.db, {
      jobId: jobId(1),
      skills: [{ skillId: 3, level: 'BEGINNER' }],
    });
    const { id } = await createJob(database.db, {
      title: 'New',
      description: '',
      company: 'C',
      remote: true,
      skills: [{ skillId: 4, level: 'BEGINNER' }],
    });
    const { items } = await matchJobs(database.db, { userId: USER, limit: 2 });
    expect(items.map((item) => item.jobId)).toEqual([id, jobId(1)]);
    expect(await countPacked()).toMatchObject({ jobs: JOBS - 1 });
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('is not undone by new ranks or new times', async () => {
    await packJobs(database.db);
    const before = await readAnswers();
    await run('update marketplace.skill_ranks set rank = 1000 - rank, prior_rank = 1000 - rank');
    await run('select marketplace.index_jobs(array(select id from marketplace.jobs))');
    expect(await readAnswers()).toEqual(before);
    await refreshSkillRanks(database.db);
    await run(`update marketplace.jobs set expires_at = now() + interval '1 day'`);
    expect(await countPacked()).toMatchObject({ jobs: JOBS });
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('leaves nothing of blocks that all jobs have left, also when nothing is packed anew', async () => {
    await packJobs(database.db);
    await run(`update marketplace.jobs set status = 'CLOSED'`);
    expect((await matchJobs(database.db, { userId: USER })).items).toEqual([]);
    expect(await packJobs(database.db)).toEqual({ jobs: 0 });
    expect(await readGroups()).toEqual([]);
  });

  it('takes a block that all jobs have left out of the bounds of its group', async () => {
    await packJobs(database.db);
    const readBounds = () =>
      run(`select block, sum(marketplace.vector_field(bounds, block % ${BLOCKS_OF_GROUP}, 8))::integer as bounds
        from (select distinct (slot / ${PLACES_OF_BLOCK})::integer as block from marketplace.packed_jobs) b, marketplace.packed_bounds
        group by block order by block`);
    const before = await readBounds();
    await run(`update marketplace.jobs set status = 'CLOSED' where id in (
      select job_id from marketplace.packed_jobs where slot / ${PLACES_OF_BLOCK} = ${before[0]?.block}
    )`);
    const answers = await readAnswers();
    let last: unknown = null;
    do {
      const [row] = await run(`select marketplace.drop_empty_blocks(${last}, 10) as last`);
      last = row?.last;
    } while (last !== null);
    expect(await readBounds()).toEqual(before.slice(1));
    const [left] = await run(
      `select coalesce(sum(marketplace.vector_field(bounds, ${Number(before[0]?.block) % BLOCKS_OF_GROUP}, 8)), 0)::integer as bounds
      from marketplace.packed_bounds`,
    );
    expect(left).toEqual({ bounds: 0 });
    expect(await readAnswers()).toEqual(answers);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('packs all but the jobs that somebody holds', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query(
        `update marketplace.jobs set salary_max = 1, currency = 'ZAR' where id = '${jobId(7)}'`,
      );
      expect(await packJobs(database.db)).toEqual({ jobs: JOBS - 1 });
      // It is not taken for one that was looked at and left out.
      expect(await run('select from marketplace.left_out_jobs')).toEqual([]);
      await client.query('commit');
    } finally {
      client.release();
    }
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  // What the first has above the least of the page must not run over into the digits of its neighbor.
  it('finds the one that matches in full among those that hardly do', async () => {
    await run('delete from marketplace.job_skills');
    await run('delete from marketplace.user_skills');
    await run(
      `insert into marketplace.user_skills (user_id, skill_id, level) values ('${USER}', 1, 'EXPERT')`,
    );
    await run(`insert into marketplace.job_skills (job_id, skill_id, level)
      select id, n, 'EXPERT' from marketplace.jobs, generate_series(1, 42) n
      where id <= '${jobId(60)}' and (n = 1 or id <> '${jobId(30)}')`);
    const before = await matchJobs(database.db, { userId: USER, limit: 10 });
    expect(before.items.map(({ score }) => score)).toEqual([10_000, ...Array(9).fill(238)]);
    await run('select marketplace.pack_block(array(select id from marketplace.jobs))');
    expect(await matchJobs(database.db, { userId: USER, limit: 10 })).toEqual(before);
  });

  it('adds no block to one that all jobs have left and that still has its numbers', async () => {
    const pack = (from: number, to: number) =>
      run(`select marketplace.pack_block(array(
        select id from marketplace.jobs where id between '${jobId(from)}' and '${jobId(to)}'))`);
    await pack(1, 100);
    await run(`update marketplace.jobs set status = 'CLOSED' where id <= '${jobId(100)}'`);
    expect(await countPacked()).toEqual({ jobs: 0, blocks: 1 });
    await pack(101, 200);
    expect(await countPacked()).toEqual({ jobs: 100, blocks: 2 });
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('refuses an open transaction', async () => {
    await expect(transaction(database.db, (tx) => packJobs(tx))).rejects.toMatchObject({
      field: 'db',
    });
  });
});
