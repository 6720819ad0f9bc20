import { beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import { NotFoundError } from '../../../../src/errors.ts';
import {
  setJobSkills,
  setUserSkills,
  verifyJobIndex,
} from '../../../../src/queries/marketplace/index.ts';
import { runFromBefore } from '../../../setup/run-from-before.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { waitFor } from '../../../setup/wait-for.ts';

const database = useTestDatabase();

const ROUNDS = 20;
const USER = '00000001-0000-7000-8000-000000000001';
const JOB = '00000002-0000-7000-8000-000000000001';
const NOBODY = '00000009-0000-7000-8000-000000000009';

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

beforeEach(async () => {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(
    `insert into identity.users (id, email, name) values ('${USER}', 'one@example.com', 'One')`,
  );
  await run(`insert into marketplace.skills (id, name, category)
    select n, 'skill ' || n, 'test' from generate_series(1, 600) n`);
  await run(`insert into marketplace.jobs (id, title, description, company, remote)
    values ('${JOB}', 'Job', '', 'Company', true)`);
});

const setters = [
  {
    name: 'setJobSkills',
    table: 'marketplace.job_skills',
    owner: 'marketplace.jobs',
    set: (ids: number[], level: 'BEGINNER' | 'EXPERT' = 'BEGINNER', db: Db = database.db) =>
      setJobSkills(db, {
        jobId: JOB,
        skills: ids.map((skillId) => ({ skillId, level })),
      }),
    setNobody: () => setJobSkills(database.db, { jobId: NOBODY, skills: [] }),
  },
  {
    name: 'setUserSkills',
    table: 'marketplace.user_skills',
    owner: 'identity.users',
    set: (ids: number[], level: 'BEGINNER' | 'EXPERT' = 'BEGINNER', db: Db = database.db) =>
      setUserSkills(db, {
        userId: USER,
        skills: ids.map((skillId) => ({ skillId, level })),
      }),
    setNobody: () => setUserSkills(database.db, { userId: NOBODY, skills: [] }),
  },
];

describe.each(setters)('$name', ({ table, owner, set, setNobody }) => {
  const held = async () =>
    (await run(`select skill_id from ${table} order by skill_id`)).map((row) => row.skill_id);

  it('leaves the set of one of two callers at the same time, never both', async () => {
    const sets = [
      [1, 2],
      [3, 4],
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      await run(`delete from ${table}`);
      await Promise.all(sets.map((ids) => set(ids)));
      expect(sets).toContainEqual(await held());
    }
  });

  it('does so at repeatable read too, where the second of two callers tries again', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await run(`delete from ${table}`);
      let attempts = 0;
      let snapshots = 0;
      const inOwnTransaction = (ids: number[]) =>
        transaction(
          database.db,
          async (tx) => {
            attempts += 1;
            await tx.execute('select from marketplace.skills limit 1');
            snapshots += 1;
            await waitFor('both have their snapshot', () => snapshots >= 2);
            await set(ids, 'BEGINNER', tx);
          },
          { isolation: 'repeatable read' },
        );
      await Promise.all([inOwnTransaction([1, 2]), inOwnTransaction([3, 4])]);
      expect(attempts).toBe(3);
      expect([
        [1, 2],
        [3, 4],
      ]).toContainEqual(await held());
    }
  });

  it('lets the second caller wait for the first, and then drop what that one set', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      const [key] = table.split('.').slice(1);
      await client.query(
        key === 'job_skills'
          ? `select marketplace.set_job_skills('${JOB}', '{1,2}', '{EXPERT,EXPERT}', '{t,t}')`
          : `select marketplace.set_user_skills('${USER}', '{1,2}', '{EXPERT,EXPERT}')`,
      );
      const second = set([3, 4]);
      await waitFor('the second caller waits', async () => {
        const [row] = await run(
          `select count(*)::int from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return row?.count === 1;
      });
      await client.query('commit');
      await second;
    } finally {
      client.release();
    }
    expect(await held()).toEqual([3, 4]);
  });

  it('never deadlocks over overlapping sets', async () => {
    const range = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const sets = [range(1, 40), range(41, 80), range(21, 60), range(1, 20)];
    for (let round = 0; round < ROUNDS; round += 1) {
      await set(range(1, 80), 'EXPERT');
      const results = await Promise.allSettled(sets.map((ids) => set(ids)));
      expect(results.map(({ status }) => status)).toEqual(sets.map(() => 'fulfilled'));
      expect(sets).toContainEqual(await held());
    }
  });

  it('is an error for somebody unknown or deleted, also with no skills', async () => {
    await expect(setNobody()).rejects.toThrow(NotFoundError);
    await set([1]);
    await run(`update ${owner} set deleted_at = now()`);
    await expect(set([])).rejects.toThrow(NotFoundError);
    expect(await held()).toEqual([1]);
  });

  it('names the key of an unknown skill, and keeps what was there', async () => {
    await set([1]);
    await expect(set([2, 9_999])).rejects.toMatchObject({
      constraint: `${table.split('.')[1]}_skill_id_fkey`,
    });
    expect(await held()).toEqual([1]);
  });
});

describe('the skills of a job that is not active', () => {
  const set = (db: Db, ids: number[]) =>
    setJobSkills(db, {
      jobId: JOB,
      skills: ids.map((skillId) => ({ skillId, level: 'BEGINNER' as const })),
    });
  const skills = async () =>
    (await run('select skill_id from marketplace.job_skills order by skill_id')).map(
      (row) => row.skill_id,
    );

  beforeEach(async () => {
    await run("update marketplace.jobs set status = 'CLOSED'");
  });

  it('are those of one caller at repeatable read too', async () => {
    const attempts = await runFromBefore(
      database.db,
      () => set(database.db, [1, 2]),
      (tx) => set(tx, [3, 4]),
    );
    expect(attempts).toBe(2);
    expect(await skills()).toEqual([3, 4]);
  });

  it('are indexed as they are now by one who activates it at repeatable read', async () => {
    const attempts = await runFromBefore(
      database.db,
      () => set(database.db, [1, 2]),
      (tx) => tx.execute(`update marketplace.jobs set status = 'ACTIVE' where id = '${JOB}'`),
    );
    expect(attempts).toBe(2);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    expect(await run('select skill_id from marketplace.skill_postings order by skill_id')).toEqual([
      { skill_id: 1 },
      { skill_id: 2 },
    ]);
  });
});

describe('the number of skills of a job', () => {
  const add = (from: number, to: number) =>
    `insert into marketplace.job_skills (job_id, skill_id, level)
    select '${JOB}', n, 'BEGINNER' from generate_series(${from}, ${to}) n`;
  const tooMany = { sqlState: '23514', constraint: 'job_skills_count_check' };
  const count = async () => (await run('select count(*)::int from marketplace.job_skills'))[0];

  it('is at most 500, however they come', async () => {
    await run(add(1, 500));
    await expect(database.db.execute(add(501, 501))).rejects.toMatchObject(tooMany);
    await run(`insert into marketplace.jobs (title, description, company, remote)
      values ('Other', '', 'Company', true)`);
    await run(`insert into marketplace.job_skills (job_id, skill_id, level)
      select id, 600, 'BEGINNER' from marketplace.jobs where title = 'Other'`);
    await expect(
      database.db.execute(
        `update marketplace.job_skills set job_id = '${JOB}' where skill_id = 600`,
      ),
    ).rejects.toMatchObject(tooMany);
    expect(await count()).toEqual({ count: 501 });
  });

  it('counts what two transactions add at the same time together', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query(add(1, 300));
      const second = database.db.execute(add(301, 600)).then(
        () => 'added',
        (error: { constraint: string }) => error.constraint,
      );
      await waitFor('the second writer waits', async () => {
        const [row] = await run(
          `select count(*)::int from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return row?.count === 1;
      });
      await client.query('commit');
      expect(await second).toBe('job_skills_count_check');
    } finally {
      client.release();
    }
    expect(await count()).toEqual({ count: 300 });
  });
});
