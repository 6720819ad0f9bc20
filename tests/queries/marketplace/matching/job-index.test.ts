import { beforeEach, describe, expect, it } from 'vitest';
import { PLACES_OF_BLOCK } from '../../../../src/queries/marketplace/matching/blocks/layout.ts';
import { matchJobs } from '../../../../src/queries/marketplace/matching/match-jobs.ts';
import { verifyJobIndex } from '../../../../src/queries/marketplace/matching/verify-job-index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { waitFor } from '../../../setup/wait-for.ts';
import { jobId, storeTwoHundredJobs, USER } from './two-hundred-jobs.ts';

const database = useTestDatabase();

const JOB = jobId(1);

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

beforeEach(() => storeTwoHundredJobs(run));

/** Half of the jobs in one block, half of the rest in another. */
async function pack(): Promise<void> {
  for (const [first, last] of [
    [1, 100],
    [101, 150],
  ] as const) {
    await run(`select marketplace.pack_block(
      array(select id from marketplace.jobs where id between '${jobId(first)}' and '${jobId(last)}')
    )`);
  }
}

describe.each([
  ['of jobs', async () => {}],
  ['of packed jobs', pack],
])('the triggers that keep the index %s', (_kind, prepare) => {
  beforeEach(prepare);

  it.each([
    ['all skills of many jobs raised', `update marketplace.job_skills set level = 'EXPERT'`],
    [
      'a skill replaced everywhere',
      'update marketplace.job_skills set skill_id = 20 where skill_id = 19 and job_id not in (select job_id from marketplace.job_skills where skill_id = 20)',
    ],
    [
      'skills moved to another job',
      `update marketplace.job_skills set job_id = '${JOB}' where job_id <> '${JOB}' and skill_id = 17 and job_id = (select min(job_id::text)::uuid from marketplace.job_skills where skill_id = 17)`,
    ],
    ['skills deleted', 'delete from marketplace.job_skills where skill_id % 3 = 0'],
    ['jobs closed', `update marketplace.jobs set status = 'CLOSED' where id > '${JOB}'`],
    [
      'jobs deleted',
      `delete from marketplace.jobs where id <= '00000002-0000-7000-8000-000000000010'`,
    ],
    ['jobs hidden', 'update marketplace.jobs set deleted_at = clock_timestamp()'],
    [
      'jobs moved, repriced and expiring',
      `update marketplace.jobs set location = 'Durban', currency = 'ZAR', salary_max = 5, expires_at = now() + interval '1 day'`,
    ],
    [
      'a key changed',
      `insert into marketplace.jobs (id, title, description, company, remote) values ('00000003-0000-7000-8000-000000000001', 'J', '', 'C', true); update marketplace.jobs set id = '00000003-0000-7000-8000-000000000002' where id = '00000003-0000-7000-8000-000000000001'`,
    ],
    ['all skills truncated', 'truncate marketplace.job_skills'],
    ['everything truncated', 'truncate marketplace.jobs cascade'],
  ])('leave no difference after plain SQL: %s', async (_, text) => {
    const before = await run('select * from marketplace.job_vectors order by job_id');
    await run(text);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    expect(await run('select * from marketplace.job_vectors order by job_id')).not.toEqual(before);
  });

  it('bring a closed job back when it is active again, with its postings', async () => {
    const count = async () => (await run('select count(*) from marketplace.skill_postings'))[0];
    await run(`update marketplace.jobs set status = 'CLOSED'`);
    expect(await count()).toEqual({ count: 0n });
    await run(`update marketplace.jobs set status = 'ACTIVE'`);
    expect([await count()]).toEqual(await run('select count(*) from marketplace.job_skills'));
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it.each([
    [
      'one statement adds a job and its skills',
      `with added as (
         insert into marketplace.job_skills (job_id, skill_id, level)
         values ('00000003-0000-7000-8000-000000000001', 1, 'BEGINNER')
         returning job_id
       )
       insert into marketplace.jobs (id, title, description, company, remote)
       select job_id, 'Job', '', 'Company', true from added`,
    ],
    [
      'a trigger on jobs adds skills',
      `create function pg_temp.add_skill() returns trigger language plpgsql as $$
       begin
         insert into marketplace.job_skills (job_id, skill_id, level) values (new.id, 1, 'BEGINNER');
         return null;
       end $$;
       create trigger add_skill after insert on marketplace.jobs
       for each row execute function pg_temp.add_skill();
       insert into marketplace.jobs (id, title, description, company, remote)
       values ('00000003-0000-7000-8000-000000000001', 'Job', '', 'Company', true);
       drop trigger add_skill on marketplace.jobs`,
    ],
  ])('index skills that come before the vector of their job: %s', async (_, text) => {
    await run(text);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    const [vector] = await run(
      `select needs from marketplace.job_vectors where job_id = '00000003-0000-7000-8000-000000000001'`,
    );
    expect(vector).toEqual({ needs: [9] });
  });

  it('undo with the transaction that they are part of', async () => {
    const before = await matchJobs(database.db, { userId: USER });
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query('delete from marketplace.job_skills');
      await client.query('rollback');
    } finally {
      client.release();
    }
    expect(await matchJobs(database.db, { userId: USER })).toEqual(before);
    expect(before.items).toHaveLength(20);
  });

  it('see both of two writers who change one job at the same time', async () => {
    const [first, second] = await Promise.all([
      database.db.$client.connect(),
      database.db.$client.connect(),
    ]);
    try {
      await first.query('begin');
      await first.query(
        `insert into marketplace.job_skills (job_id, skill_id, level) values ('${JOB}', 9, 'BEGINNER')`,
      );
      await second.query('begin');
      const waiting = second.query(
        `insert into marketplace.job_skills (job_id, skill_id, level) values ('${JOB}', 10, 'BEGINNER')`,
      );
      await waitFor('the second writer waits for the first', async () => {
        const [row] = await run(
          `select count(*)::int from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return row?.count === 1;
      });
      await first.query('commit');
      await waiting;
      await second.query('commit');
    } finally {
      first.release();
      second.release();
    }
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    const [vector] = await run(`select needs from marketplace.job_vectors where job_id = '${JOB}'`);
    const held = (vector as { needs: number[] }).needs.map((need) => need >> 3);
    expect(held).toEqual(expect.arrayContaining([9, 10]));
  });
});

describe('verifyJobIndex', () => {
  it.each([
    [
      'packed share differs',
      `update marketplace.packed_shares set shares = shares - (select ('1' || repeat('0000', ${PLACES_OF_BLOCK - 1} - (slot % ${PLACES_OF_BLOCK})::integer))::numeric from marketplace.packed_jobs where job_id = '${JOB}') where skill_id = 1 and level = 'EXPERT' and block_id = (select slot / ${PLACES_OF_BLOCK} from marketplace.packed_jobs where job_id = '${JOB}')`,
    ],
    [
      'packed job cannot match',
      `insert into marketplace.packed_jobs select max(slot) + 1, '00000002-0000-7000-8000-000000000fff' from marketplace.packed_jobs; update marketplace.packed_jobs set job_id = job_id`,
    ],
  ])('finds what was planted among packed jobs: %s', async (kind, text) => {
    await pack();
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    await run(text);
    expect(await verifyJobIndex(database.db)).toMatchObject({ clean: false, findings: [{ kind }] });
  });

  it.each([
    ['packed share differs', 'delete from marketplace.packed_shares where skill_id = 1'],
    ['packed bound too low', 'update marketplace.packed_bounds set bounds = 0 where skill_id = 1'],
    ['packed bound too low', 'delete from marketplace.packed_bounds where skill_id = 1'],
  ])('finds all whom it concerns: %s, by %s', async (kind, text) => {
    await pack();
    await run(text);
    const { clean, findings } = await verifyJobIndex(database.db);
    expect(clean).toBe(false);
    expect(new Set(findings.map((one) => one.kind))).toEqual(new Set([kind]));
    expect(findings.map((one) => one.keys.jobId)).toContain(JOB);
  });

  it.each([
    [
      'posting missing',
      `delete from marketplace.skill_postings where job_id = '${JOB}' and skill_id = 1`,
    ],
    [
      'posting too many',
      `insert into marketplace.skill_postings select 19, size_class, bound, posted_minute, total_weight, job_id, near_gap, skill_bits, needs, expires_at from marketplace.skill_postings where job_id = '${JOB}' and skill_id = 1`,
    ],
    [
      'posting missing',
      `update marketplace.skill_postings set near_gap = not near_gap where job_id = '${JOB}' and skill_id = 1`,
    ],
    [
      'posting missing',
      `update marketplace.skill_postings set bound = bound - 1 where job_id = '${JOB}' and skill_id = 1`,
    ],
    [
      'vector differs',
      `update marketplace.job_vectors set remote = not remote where job_id = '${JOB}'`,
    ],
    [
      'vector differs',
      `update marketplace.job_vectors set codes = codes[2:] where job_id = '${JOB}'`,
    ],
    ['vector missing', `delete from marketplace.job_vectors where job_id = '${JOB}'`],
    [
      'vector in no known order',
      `update marketplace.job_vectors set needs = array[needs[2], needs[1]] || needs[3:] where job_id = '${JOB}'`,
    ],
  ])('finds what was planted: %s, by %s', async (kind, text) => {
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    await run(text);
    const { clean, findings } = await verifyJobIndex(database.db);
    expect(clean).toBe(false);
    expect(findings.map((one) => one.kind)).toContain(kind);
    expect(new Set(findings.map((one) => one.keys.jobId))).toEqual(new Set([JOB]));
  });

  it('says which column differs, and what it should hold and holds', async () => {
    await run(`update marketplace.job_vectors set location = 'nowhere' where job_id = '${JOB}'`);
    expect((await verifyJobIndex(database.db)).findings).toEqual([
      {
        kind: 'vector differs',
        keys: { jobId: JOB },
        field: 'location',
        expected: null,
        actual: 'nowhere',
      },
    ]);
  });

  it('says which skill of a packed job at which level is bounded too low', async () => {
    await pack();
    await run(
      `delete from marketplace.packed_bounds where skill_id = 1 and level = 'EXPERT' and group_id = 0`,
    );
    const { findings } = await verifyJobIndex(database.db);
    expect(findings[0]).toEqual({
      kind: 'packed bound too low',
      keys: { jobId: JOB, skillId: '1', level: 'EXPERT' },
      field: 'bounds',
      expected: expect.stringMatching(/^[1-9]\d*$/),
      actual: null,
    });
  });

  it('says what is missing whole, and what is there whole without a reason', async () => {
    await run(
      `update marketplace.skill_postings set bound = bound - 1 where job_id = '${JOB}' and skill_id = 1`,
    );
    const { findings } = await verifyJobIndex(database.db);
    const keys = { jobId: JOB, skillId: '1' };
    expect(findings).toMatchObject([
      { kind: 'posting missing', keys, field: null, actual: null },
      { kind: 'posting too many', keys, field: null, expected: null },
    ]);
    const [missing, present] = [findings[0]?.expected, findings[1]?.actual].map((text) =>
      JSON.parse(text ?? 'null'),
    );
    expect({ ...present, bound: present.bound + 1 }).toEqual(missing);
  });

  it('lists at most so many, by job and skill', async () => {
    await run('delete from marketplace.job_vectors');
    const { clean, findings } = await verifyJobIndex(database.db, { limit: 2 });
    expect(clean).toBe(false);
    expect(findings.map(({ keys }) => keys)).toEqual([
      { jobId: JOB },
      { jobId: JOB, skillId: '1' },
    ]);
  });
});
