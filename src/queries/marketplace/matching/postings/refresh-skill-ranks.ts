import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Db, isInTransaction } from '../../../../db/session.ts';
import { only, statement } from '../../../../db/statement.ts';
import { transaction } from '../../../../db/transaction.ts';
import { InvalidInputError, TimeoutError } from '../../../../errors.ts';
import { parseInput } from '../../../../input/validate.ts';

/** How a refresh goes through the jobs. */
export interface RefreshSkillRanksOptions {
  /** How many jobs one transaction puts in order, from 1 to 10,000. Default 500. */
  chunkSize?: number | undefined;
  /** Told after each chunk how many jobs are done so far. */
  onProgress?: ((jobs: number) => void) | undefined;
}

const input = () =>
  z.strictObject({
    chunkSize: z.int().min(1).max(10_000).default(500),
    onProgress: z.custom<(jobs: number) => void>((value) => typeof value === 'function').optional(),
  });

const ASKED_BEFORE_QUEUEING = 25;
const QUEUEING_MS = 200;

const triedLock = statement<{ locked: boolean }, readonly []>(
  'tried_skill_ranks_lock',
  `select pg_try_advisory_xact_lock(hashtext('marketplace.skill_ranks'), 0) as locked`,
);

const selectLockTimeout = statement<{ timeout: string }, readonly []>(
  'select_lock_timeout',
  `select current_setting('lock_timeout') as timeout`,
);

const changedLockTimeout = statement<{ timeout: string }, [timeout: string]>(
  'changed_lock_timeout',
  `select set_config('lock_timeout', $1, true) as timeout`,
);

const awaitedLock = statement<object, readonly []>(
  'awaited_skill_ranks_lock',
  `select from pg_advisory_xact_lock(hashtext('marketplace.skill_ranks'), 0)`,
);

const selectRefreshState = statement<{ isRunning: boolean; refresh: bigint }, readonly []>(
  'select_rank_refresh_state',
  `select
     coalesce((select number from marketplace.rank_refreshes where id = 1), 0) as refresh,
     exists (select from marketplace.skill_ranks where rank <> prior_rank) as "isRunning"`,
);

// Only the order counts, so skills of equal counts follow the id.
const selectSkillOrder = statement<{ skillIds: number[] }, readonly []>(
  'select_skill_order',
  `select array(
     select skill_id
     from marketplace.job_skills
     group by skill_id
     order by count(*), skill_id
   ) as "skillIds"`,
);

// A skill may be gone since it was counted. One that somebody has locked waits for the next
// refresh: all who write jobs wait for this, and could wait for each other.
const announcedRanks = statement<{ refresh: bigint }, [skillIds: number[]]>(
  'announced_skill_ranks',
  `with known_skills as (
     select s.id as skill_id, o.rank
     from unnest($1::integer[]) with ordinality as o (skill_id, rank)
     join marketplace.skills s on s.id = o.skill_id
     for key share of s skip locked
   ),
   new_ranks as (
     insert into marketplace.skill_ranks (skill_id, rank, prior_rank)
     select skill_id, rank, 0
     from known_skills
     order by skill_id
     on conflict (skill_id) do update
     set rank = excluded.rank, prior_rank = skill_ranks.rank
   )
   insert into marketplace.rank_refreshes as r (id, number)
   values (1, 1)
   on conflict (id) do update
   set number = r.number + 1
   returning number as refresh`,
);

interface Chunk {
  lastJob: string | null;
  done: number;
  skipped: string[];
}

const reindexedJobs = statement<
  Chunk,
  [afterJob: string | null, chunkSize: number, retried: string[] | null]
>(
  'reindexed_jobs',
  `select last_job as "lastJob", done, skipped
   from marketplace.reindex_jobs($1, $2, $3)`,
);

const settledRanks = statement<object, readonly []>(
  'settled_skill_ranks',
  `update marketplace.skill_ranks
   set prior_rank = rank
   where prior_rank <> rank`,
);

/**
 * Counts anew how common each skill is among jobs, and puts the jobs' postings in that order, chunk
 * by chunk, each in a transaction of its own, and says how many jobs it went through. Results are
 * exact before, meanwhile and after: searches allow for both orders until the last job is moved. It
 * only makes them read less. Run it when the catalogue of jobs has grown a few times over. When it
 * is broken off, the next call goes on where ranks are new and jobs are not; calls at the same time
 * share one refresh.
 *
 * Readers never wait. A writer waits for the chunk that its job is in, and for the ranks while they
 * are written; jobs that somebody holds are left for later, so a chunk never waits for a writer.
 * The ranks wait until every writer of jobs has ended who was there before: while one stays open,
 * other writers wait up to 0.2 s about every second, and while one keeps a job, the call does not
 * end.
 *
 * @throws InvalidInputError when an option is out of range, or `db` is an open transaction.
 */
export async function refreshSkillRanks(
  db: Db,
  options: RefreshSkillRanksOptions = {},
): Promise<{
  /** How many jobs it went through, from 0. */
  jobs: number;
}> {
  const { chunkSize, onProgress } = parseInput(input, options);
  if (isInTransaction(db)) {
    throw new InvalidInputError('db', 'must be the database, not an open transaction');
  }
  // Counted before the lock, which only the writing needs.
  const { skillIds } = only(await selectSkillOrder(db));
  const refresh = await withRanksLocked(db, async (tx) => {
    const state = only(await selectRefreshState(tx));
    if (state.isRunning) return state.refresh;
    return only(await announcedRanks(tx, [skillIds])).refresh;
  });
  const jobs = await reindexAll(db, chunkSize, onProgress);
  await withRanksLocked(db, async (tx) => {
    // Another call may have settled this refresh, and a third one begun the next.
    const state = only(await selectRefreshState(tx));
    if (state.refresh === refresh) await settledRanks(tx);
  });
  return { jobs };
}

async function reindexAll(
  db: Db,
  chunkSize: number,
  onProgress: RefreshSkillRanksOptions['onProgress'],
): Promise<number> {
  let jobs = 0;
  let held: string[] = [];
  const reindex = async (after: string | null, retried: string[] | null) => {
    // A deadlock with a writer repeats the chunk and not the refresh.
    const reindexNext = (tx: Db) => reindexedJobs(tx, [after, chunkSize, retried]);
    const rows = await transaction(db, reindexNext, { isolation: 'read committed' });
    const { done, skipped, lastJob } = only(rows);
    jobs += done;
    held.push(...skipped);
    if (lastJob !== null) onProgress?.(jobs);
    // Jobs that came since are in the new order already, so the last chunk is one that is not full.
    // Going on until there is none would never end while jobs are created.
    return done + skipped.length < chunkSize ? null : lastJob;
  };
  let last = await reindex(null, null);
  while (last !== null) last = await reindex(last, null);
  while (held.length > 0) {
    await sleep(20);
    const retried = held;
    held = [];
    for (let from = 0; from < retried.length; from += chunkSize) {
      await reindex(null, retried.slice(from, from + chunkSize));
    }
  }
  return jobs;
}

/**
 * Every writer of jobs holds the shared lock until it commits. Asking again and again, instead of
 * queueing for the lock, keeps one long writer from stopping all the others. But of many short ones
 * some always hold it, so now and then it queues, briefly: who comes meanwhile waits for those who
 * hold it.
 */
async function withRanksLocked<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const lock = attempt % ASKED_BEFORE_QUEUEING === 0 ? queueForLock : askForLock;
    const outcome = await transaction(db, async (tx) =>
      (await lock(tx)) ? { result: await work(tx) } : undefined,
    );
    if (outcome !== undefined) return outcome.result;
    await sleep(20);
  }
}

async function askForLock(tx: Db): Promise<boolean> {
  return only(await triedLock(tx)).locked;
}

/** In a savepoint, because a timeout fails what it is in. */
async function queueForLock(tx: Db): Promise<boolean> {
  const { timeout } = only(await selectLockTimeout(tx));
  try {
    await transaction(tx, async (inner) => {
      await changedLockTimeout(inner, [`${QUEUEING_MS}ms`]);
      await awaitedLock(inner);
      await changedLockTimeout(inner, [timeout]);
    });
    return true;
  } catch (error) {
    if (error instanceof TimeoutError && error.code === 'LOCK_TIMEOUT') return false;
    throw error;
  }
}
