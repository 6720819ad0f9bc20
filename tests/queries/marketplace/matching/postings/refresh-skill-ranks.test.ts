import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { transaction } from '../../../../../src/db/transaction.ts';
import { createJob } from '../../../../../src/queries/marketplace/jobs/create-job.ts';
import { matchJobs } from '../../../../../src/queries/marketplace/matching/match-jobs.ts';
import { refreshSkillRanks } from '../../../../../src/queries/marketplace/matching/postings/refresh-skill-ranks.ts';
import { verifyJobIndex } from '../../../../../src/queries/marketplace/matching/verify-job-index.ts';
import { useTestDatabase } from '../../../../setup/test-database.ts';
import { waitFor } from '../../../../setup/wait-for.ts';
import { jobId, storeTwoHundredJobs, USER } from '../two-hundred-jobs.ts';

const database = useTestDatabase();

const lock = `select pg_try_advisory_xact_lock(hashtext('marketplace.skill_ranks'), 0) as locked`;
const isSettled = 'select bool_and(rank = prior_rank) as settled from marketplace.skill_ranks';

const details = { title: 'Job', description: '', company: 'Company', remote: true };

const clients: PoolClient[] = [];

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

async function begin(text: string): Promise<PoolClient> {
  const client = await database.db.$client.connect();
  clients.push(client);
  await client.query('begin');
  await client.query(text);
  return client;
}

/** Until a refresh has counted the skills and waits for writers to end. */
async function untilQueued(): Promise<void> {
  await waitFor('the refresh queues for the lock', async () => {
    const rows = await run(`select from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`);
    return rows.length > 0;
  });
}

// Skill 1 becomes the rarest.
beforeEach(async () => {
  await storeTwoHundredJobs(run);
  await run(
    `insert into marketplace.user_skills (user_id, skill_id, level) select '${USER}', n, 'EXPERT' from generate_series(2, 9) n`,
  );
  await run(`delete from marketplace.job_skills where skill_id = 1 and job_id > '${jobId(8)}'`);
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    await client.query('rollback');
    client.release();
  }
});

describe('refreshSkillRanks', () => {
  it('repeats a chunk that lost a deadlock', async () => {
    await run(`create sequence public.updates;
      create function public.lose_once() returns trigger language plpgsql as $$
      begin
        if nextval('public.updates') = 2 then
          raise exception 'deadlock detected' using errcode = 'deadlock_detected';
        end if;
        return null;
      end $$;
      create trigger lose_once before update on marketplace.job_vectors
      for each statement execute function public.lose_once()`);
    try {
      await refreshSkillRanks(database.db, { chunkSize: 20 });
      expect(await run('select from public.updates where last_value > 2')).toHaveLength(1);
      expect(await run(isSettled)).toEqual([{ settled: true }]);
      expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    } finally {
      await run('drop function public.lose_once cascade; drop sequence public.updates');
    }
  });

  it('orders skills by how many jobs ask for them and leaves every result as it was', async () => {
    const before = await matchJobs(database.db, { userId: USER });
    const told: number[] = [];
    const { jobs } = await refreshSkillRanks(database.db, {
      chunkSize: 64,
      onProgress: (done) => told.push(done),
    });
    expect(jobs).toBe(200);
    expect(told).toEqual([64, 128, 192, 200]);
    expect(await matchJobs(database.db, { userId: USER })).toEqual(before);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    const [rarest] = await run(
      'select skill_id, rank = prior_rank as settled from marketplace.skill_ranks order by rank limit 1',
    );
    expect(rarest).toEqual({ skill_id: 1, settled: true });
  });

  it('cannot change the order while a writer who used the old one has not committed', async () => {
    const writer = await begin(
      `insert into marketplace.job_skills (job_id, skill_id, level) values ('${jobId(1)}', 9, 'BEGINNER')`,
    );
    expect(await run(lock)).toEqual([{ locked: false }]);
    await writer.query('commit');
    expect(await run(lock)).toEqual([{ locked: true }]);
  });

  it('leaves jobs that somebody holds for later, and so holds up no other writer', async () => {
    await begin(`update marketplace.job_skills set level = 'EXPERT' where job_id = '${jobId(50)}'`);
    const [chunk] = await run(
      'select done, skipped from marketplace.reindex_jobs(null, 500, null)',
    );
    expect(chunk).toEqual({ done: 199, skipped: [jobId(50)] });
    const [again] = await run(
      `select done, skipped from marketplace.reindex_jobs(null, 500, '{${jobId(50)},${jobId(51)}}')`,
    );
    expect(again).toEqual({ done: 1, skipped: [jobId(50)] });
  });

  it('waits for a held job at the end, and moves it as well', async () => {
    const told: number[] = [];
    const holder = await begin(
      `select from marketplace.job_vectors where job_id = '${jobId(3)}' for update`,
    );
    const refreshing = refreshSkillRanks(database.db, { onProgress: (done) => told.push(done) });
    await waitFor('all other jobs are done', () => told.includes(199));
    expect(await run(isSettled)).toEqual([{ settled: false }]);
    await holder.query('commit');
    expect(await refreshing).toEqual({ jobs: 200 });
    expect(await run(isSettled)).toEqual([{ settled: true }]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('settles only the refresh that it took part in', async () => {
    const told: number[] = [];
    const holder = await begin(
      `select from marketplace.job_vectors where job_id = '${jobId(200)}' for update`,
    );
    const slow = refreshSkillRanks(database.db, { onProgress: (done) => told.push(done) });
    await waitFor('all other jobs are done', () => told.includes(199));
    const blocker = await begin(
      `select pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0)`,
    );
    // What another call would do that settled this refresh, and a third one that announced the next.
    await run('update marketplace.skill_ranks set prior_rank = rank');
    await run('update marketplace.skill_ranks set prior_rank = rank, rank = 1000 - rank');
    await run('update marketplace.rank_refreshes set number = number + 1');
    await holder.query('commit');
    await blocker.query('commit');
    await slow;
    expect(await run(isSettled)).toEqual([{ settled: false }]);

    await refreshSkillRanks(database.db);
    expect(await run(isSettled)).toEqual([{ settled: true }]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it.each([
    ['', 'update marketplace.rank_refreshes set number = number'],
    [', also at the first refresh of all', 'delete from marketplace.rank_refreshes'],
  ])('makes a writer whose snapshot has the old ranks begin again%s', async (_when, prepare) => {
    await run(prepare);
    const writer = await begin('set transaction isolation level repeatable read');
    await writer.query('select from marketplace.skill_ranks');
    await refreshSkillRanks(database.db);
    await expect(
      writer.query(
        `insert into marketplace.job_skills (job_id, skill_id, level) values ('${jobId(1)}', 9, 'BEGINNER')`,
      ),
    ).rejects.toMatchObject({ code: '40001' });
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('comes to its end although short writers, one after the other, leave no moment without one', async () => {
    const deadline = Date.now() + 10_000;
    let isOver = false;
    const sharedLock = `select pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0)`;
    let [holder, next] = [await begin(sharedLock), await begin('select')];
    const relay = async () => {
      while (!isOver && Date.now() < deadline) {
        // Who has to wait for the lock does not keep the other from ending.
        const taking = next.query(sharedLock);
        await Promise.race([taking, sleep(10)]);
        await holder.query('commit');
        await taking;
        await holder.query('begin');
        [holder, next] = [next, holder];
      }
      await holder.query('commit');
    };
    const writing = relay();
    await refreshSkillRanks(database.db, { chunkSize: 64 });
    const endedAt = Date.now();
    isOver = true;
    await writing;
    expect(endedAt).toBeLessThan(deadline);
    expect(await run(isSettled)).toEqual([{ settled: true }]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('gives up queueing behind a long writer, so that others go on, and asks again', async () => {
    const writer = await begin(
      `select pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0)`,
    );
    const refreshing = refreshSkillRanks(database.db);
    await untilQueued();
    await createJob(database.db, { ...details, skills: [{ skillId: 9, level: 'EXPERT' }] });
    await writer.query('commit');
    expect(await refreshing).toEqual({ jobs: 201 });
    expect(await run(isSettled)).toEqual([{ settled: true }]);
  });

  it('leaves out a skill that is deleted after it was counted', async () => {
    const writer = await begin(
      `select pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0)`,
    );
    const refreshing = refreshSkillRanks(database.db);
    await untilQueued();
    await run('delete from marketplace.job_skills where skill_id = 20');
    await run('delete from marketplace.skills where id = 20');
    await writer.query('commit');
    await refreshing;
    expect(await run('select from marketplace.skill_ranks where skill_id = 20')).toEqual([]);
    expect(await run(isSettled)).toEqual([{ settled: true }]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('holds up no writer for a skill that somebody has locked, and ranks that one the next time', async () => {
    const writer = await begin(
      `update marketplace.skills set source_uri = 'https://example.com/20' where id = 20`,
    );
    await refreshSkillRanks(database.db);
    expect(await run('select from marketplace.skill_ranks where skill_id = 20')).toEqual([]);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
    await writer.query('commit');
    await refreshSkillRanks(database.db);
    expect(await run('select from marketplace.skill_ranks where skill_id = 20')).toHaveLength(1);
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('refuses an open transaction, whose locks would outlast each chunk', async () => {
    await expect(transaction(database.db, (tx) => refreshSkillRanks(tx))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'db',
    });
  });
});
