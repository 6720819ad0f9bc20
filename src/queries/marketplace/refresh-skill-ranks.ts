import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Db } from '../../connect.ts';
import { statement } from '../../statement.ts';
import { transaction } from '../../transaction.ts';
import { parseInput } from '../../validate.ts';

export interface RefreshSkillRanksOptions {
  /** How many jobs one transaction puts in order. Default 500. */
  chunkSize?: number;
  /** Told after each chunk how many jobs are done. */
  onProgress?: (jobs: number) => void;
}

const input = z.strictObject({
  chunkSize: z.int().min(1).max(10_000).default(500),
  onProgress: z.custom<(jobs: number) => void>((value) => typeof value === 'function').optional(),
});

const tryLock = statement<{ locked: boolean }>(
  'try_lock_skill_ranks',
  `select pg_try_advisory_xact_lock(hashtext('marketplace.skill_ranks'), 0) as locked`,
);

const isRunning = statement<{ running: boolean }>(
  'are_skill_ranks_unsettled',
  `select exists (select from marketplace.skill_ranks where rank <> prior_rank) as running`,
);

// Only the order counts, so skills of equal counts follow the id.
const readOrder = statement<{ skillIds: number[] }>(
  'read_skill_order',
  `select coalesce(array_agg(skill_id order by count, skill_id), '{}') as "skillIds"
  from (
    select skill_id, count(*) as count
    from marketplace.job_skills
    group by skill_id
  ) counts`,
);

const setRanks = statement<{ skillId: number }>(
  'set_skill_ranks',
  `insert into marketplace.skill_ranks (skill_id, rank, prior_rank)
  select skill_id, rank, 0
  from unnest($1::integer[]) with ordinality as ordered (skill_id, rank)
  order by skill_id
  on conflict (skill_id) do update
  set rank = excluded.rank, prior_rank = skill_ranks.rank
  returning skill_id as "skillId"`,
);

const indexChunk = statement<{ count: number; last: string | null }>(
  'reindex_jobs',
  `with next_jobs as (
    select job_id
    from marketplace.job_vectors
    where total_weight > 0
    and ($1::uuid is null or job_id > $1)
    order by job_id
    limit $2
  ),
  ids as (
    select coalesce(array_agg(job_id order by job_id), '{}') as ids from next_jobs
  )
  select cardinality(ids) as count, ids[cardinality(ids)] as last, marketplace.index_jobs(ids)::text
  from ids`,
);

const settle = statement<{ skillId: number }>(
  'settle_skill_ranks',
  `update marketplace.skill_ranks
  set prior_rank = rank
  where prior_rank <> rank
  returning skill_id as "skillId"`,
);

/**
 * Counts anew how common each skill is among jobs, and puts the jobs' postings in that order, chunk by chunk, each in a
 * transaction of its own. Results are exact before, meanwhile and after: searches allow for both orders until the last
 * job is moved. It only makes them read less. Run it when the catalogue of jobs has grown a few times over. When it is
 * broken off, the next call goes on where ranks are new and jobs are not.
 *
 * Readers never wait. Writers of jobs wait only while the ranks themselves are written, some milliseconds.
 *
 * @throws InvalidInputError
 */
export async function refreshSkillRanks(
  db: Db,
  options: RefreshSkillRanksOptions = {},
): Promise<{ jobs: number }> {
  const { chunkSize, onProgress } = parseInput(input, options);
  // Counted before the lock, which only the writing needs.
  const [order] = await readOrder(db);
  await withRanksLocked(db, async (tx) => {
    const [state] = await isRunning(tx);
    if (state?.running !== true) await setRanks(tx, [order?.skillIds ?? []]);
  });
  let jobs = 0;
  let last: string | null = null;
  for (;;) {
    const [chunk] = await indexChunk(db, [last, chunkSize]);
    if (chunk === undefined || chunk.last === null) break;
    jobs += chunk.count;
    last = chunk.last;
    onProgress?.(jobs);
  }
  await withRanksLocked(db, (tx) => settle(tx));
  return { jobs };
}

/**
 * Every writer of jobs holds the shared lock until it commits. Asking again and again, instead of queueing for the lock,
 * keeps one long writer from stopping all the others.
 */
async function withRanksLocked(db: Db, work: (tx: Db) => Promise<unknown>): Promise<void> {
  for (;;) {
    const done = await transaction(db, async (tx) => {
      const [lock] = await tryLock(tx);
      if (lock?.locked !== true) return false;
      await work(tx);
      return true;
    });
    if (done) return;
    await sleep(20);
  }
}
