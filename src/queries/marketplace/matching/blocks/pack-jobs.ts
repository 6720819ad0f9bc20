import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { type Db, isInTransaction } from '../../../../db/session.ts';
import { only, statement } from '../../../../db/statement.ts';
import { transaction } from '../../../../db/transaction.ts';
import { InvalidInputError } from '../../../../errors.ts';
import { parseInput } from '../../../../input/validate.ts';
import { groupAlike, orderAlike, type SkillSets, skillsOf } from './group-alike.ts';
import { PLACES_OF_BLOCK } from './layout.ts';

/** Whom packing tells how far it is. */
export interface PackJobsOptions {
  /** Told after each block how many jobs are packed. */
  onProgress?: ((jobs: number) => void) | undefined;
}

const input = () =>
  z.strictObject({
    onProgress: z.custom<(jobs: number) => void>((value) => typeof value === 'function').optional(),
  });

const JOBS_OF_TOPIC = 500;
/**
 * Below this, reading the rows of a block costs about as much as reading the postings that they
 * stand for.
 */
const LEAST_POSTINGS_OF_ROW = 12;
const JOBS_OF_PAGE = 20_000;
/** Before all jobs. */
const NIL = '00000000-0000-0000-0000-000000000000';

/** As pack_block has it. */
const isPackable = 'cardinality(needs) < 100 and total_weight > cardinality(needs)';

interface State {
  /** Jobs that could be packed. */
  packable: number;
  /** Of these, those that have come or changed since all were last looked at. */
  added: number;
  packed: number;
  /** The packed ones and those that have left their blocks. */
  places: number;
}

const NO_JOBS: State = { packable: 0, added: 0, packed: 0, places: 0 };

const selectPackingState = statement<State, readonly []>(
  'select_packing_state',
  `select packable, added, packed, places
   from (
     select count(*)::integer as packable,
       (count(*) filter (where p.job_id is null and l.job_id is null))::integer as added
     from marketplace.job_vectors v
     left join marketplace.packed_jobs p on p.job_id = v.job_id
     left join marketplace.left_out_jobs l
       on l.job_id = v.job_id
       and l.skills_hash = hash_array(v.codes)
     where ${isPackable}
   ) jobs
   cross join (
     select coalesce(sum(jobs), 0)::integer as packed, coalesce(sum(places), 0)::integer as places
     from (
       select count(*) as jobs, max(slot) % ${PLACES_OF_BLOCK} + 1 as places
       from marketplace.packed_jobs
       group by slot / ${PLACES_OF_BLOCK}
     ) b
   ) blocks`,
);

const selectJobsToPack = statement<
  { id: string; weight: number; needs: string },
  [afterId: string]
>(
  'select_jobs_to_pack',
  `select job_id as id, total_weight as weight, needs::text
   from marketplace.job_vectors
   where ${isPackable}
     and job_id > $1
   order by job_id
   limit ${JOBS_OF_PAGE}`,
);

const begunGroup = statement<{ block: number }, readonly []>(
  'begun_group',
  'select marketplace.begin_packed_group() as block',
);

const packedBlock = statement<{ jobs: number }, [jobIds: string[], firstBlock: number]>(
  'packed_block',
  'select marketplace.pack_block($1, $2) as jobs',
);

const unpackedJobs = statement<{ jobs: number }, [beforeBlock: number]>(
  'unpacked_jobs',
  'select marketplace.unpack_jobs($1, 500) as jobs',
);

const deletedLeftOutJobs = statement<object, readonly []>(
  'deleted_left_out_jobs',
  'delete from marketplace.left_out_jobs',
);

const storedLeftOutJobs = statement<object, [jobIds: string[]]>(
  'stored_left_out_jobs',
  `insert into marketplace.left_out_jobs (job_id, skills_hash)
   select job_id, hash_array(codes)
   from marketplace.job_vectors
   where job_id = any ($1)
   on conflict (job_id) do update
   set skills_hash = excluded.skills_hash`,
);

const droppedBlocks = statement<{ lastSkill: number | null }, [afterSkill: number | null]>(
  'dropped_blocks',
  'select marketplace.drop_empty_blocks($1, 200) as "lastSkill"',
);

/**
 * Packs the jobs that can match into blocks of jobs that ask for much the same, in which searches
 * score hundreds at once, and says how many are packed. Results are exact before, meanwhile and
 * after: a job that is new, or has other skills than when it was packed, is found by its postings.
 * Run it when many jobs have come or changed, such as every night: it packs all of them anew when
 * more than a tenth of those that could be packed have come or changed since it last did, or a
 * tenth of the places in the blocks are empty, and else it only clears up. For a million jobs to
 * pack takes ten to twenty minutes of the server, a minute of this process, and some 600 MB of its
 * memory at most.
 *
 * Jobs whose skills have little to do with each other stay among the postings, because blocks of
 * them would be slower; so do jobs without a required skill or with 100 skills and more. Nothing is
 * packed where that leaves less than half of those that could be. Each block is a transaction of
 * its own. Readers never wait; a writer waits for the block that its job is in; a job that somebody
 * holds stays where it is.
 *
 * @throws InvalidInputError when an option is out of range, or `db` is an open transaction.
 */
export async function packJobs(
  db: Db,
  options: PackJobsOptions = {},
): Promise<{
  /** How many jobs are packed, from 0. */
  jobs: number;
}> {
  const { onProgress } = parseInput(input, options);
  if (isInTransaction(db)) {
    throw new InvalidInputError('db', 'must be the database, not an open transaction');
  }
  const [state] = await selectPackingState(db);
  const { packable, added, packed, places } = state ?? NO_JOBS;
  const isDue = added * 10 > packable || (places - packed) * 10 > places;
  const jobs = isDue ? await packAll(db, onProgress) : packed;
  await dropEmpty(db);
  return { jobs };
}

async function packAll(db: Db, onProgress: PackJobsOptions['onProgress']): Promise<number> {
  const group = only(await begunGroup(db));
  const { blocks, leftOut } = await planBlocks(await readAll(db));
  let jobs = 0;
  for (const block of blocks) {
    jobs += await runAlone(db, (tx) => packedBlock(tx, [block, group.block]));
    onProgress?.(jobs);
  }
  // Jobs that are still in an older block have no place in a new one.
  while ((await runAlone(db, (tx) => unpackedJobs(tx, [group.block]))) > 0);
  await transaction(db, async (tx) => {
    await deletedLeftOutJobs(tx);
    for (let from = 0; from < leftOut.length; from += JOBS_OF_PAGE) {
      await storedLeftOutJobs(tx, [leftOut.slice(from, from + JOBS_OF_PAGE)]);
    }
  });
  return jobs;
}

/** What it locks must be seen as it is after the lock, and what meets a deadlock is tried again. */
async function runAlone(db: Db, run: (tx: Db) => Promise<{ jobs: number }[]>): Promise<number> {
  const [done] = await transaction(db, run, { isolation: 'read committed' });
  return done?.jobs ?? 0;
}

async function dropEmpty(db: Db): Promise<void> {
  let after: number | null = null;
  do {
    const drop = (tx: Db) => droppedBlocks(tx, [after]);
    const [chunk] = await transaction(db, drop, { isolation: 'read committed' });
    after = chunk?.lastSkill ?? null;
  } while (after !== null);
}

interface JobsToPack extends SkillSets {
  ids: string[];
  weights: number[];
}

async function readAll(db: Db): Promise<JobsToPack> {
  const ids: string[] = [];
  const weights: number[] = [];
  const starts = [0];
  // In pieces, because one array of all would take twice the memory while it grows.
  const pages: Uint32Array[] = [];
  for (;;) {
    const rows = await selectJobsToPack(db, [ids.at(-1) ?? NIL]);
    const page: number[] = [];
    const before = starts.at(-1) ?? 0;
    for (const { id, weight, needs } of rows) {
      ids.push(id);
      weights.push(weight);
      for (const code of needs.slice(1, -1).split(',')) page.push(Number(code) >> 3);
      starts.push(before + page.length);
    }
    pages.push(Uint32Array.from(page));
    if (rows.length < JOBS_OF_PAGE) break;
  }
  const skills = new Uint32Array(starts.at(-1) ?? 0);
  let length = 0;
  for (const page of pages) {
    skills.set(page, length);
    length += page.length;
  }
  return { ids, weights, starts: Uint32Array.from(starts), skills };
}

interface Plan {
  blocks: string[][];
  leftOut: string[];
}

/**
 * What is to be packed: nothing when it is less than half of all, because a search of both takes
 * longer then.
 */
async function planBlocks(jobs: JobsToPack): Promise<Plan> {
  const blocks: string[][] = [];
  const leftOut: string[] = [];
  for (const block of divide(jobs, await findTopics(jobs))) {
    await setImmediate();
    const ids = block.map((job) => jobs.ids[job] ?? '');
    if (isWorthItsRows(jobs, block)) blocks.push(ids);
    else leftOut.push(...ids);
  }
  return leftOut.length * 2 > jobs.ids.length
    ? { blocks: [], leftOut: jobs.ids }
    : { blocks, leftOut };
}

/** Jobs that ask for much the same, and alike topics near each other. */
async function findTopics(jobs: JobsToPack): Promise<number[][]> {
  const topicOf = await groupAlike(jobs, Math.ceil(jobs.ids.length / JOBS_OF_TOPIC));
  const topics = new Map<number, number[]>();
  for (const [job, topic] of topicOf.entries()) {
    const members = topics.get(topic);
    if (members === undefined) topics.set(topic, [job]);
    else members.push(job);
  }
  return orderAlike(jobs, [...topics.values()]);
}

/** A topic's jobs from the lightest to the heaviest, in blocks of about the same size. */
function* divide({ weights }: JobsToPack, topics: readonly number[][]): Generator<number[]> {
  for (const topic of topics) {
    const members = topic.toSorted((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0));
    const blockCount = Math.ceil(members.length / PLACES_OF_BLOCK);
    for (let n = 0; n < blockCount; n += 1) {
      yield members.slice(
        (n * members.length) / blockCount,
        ((n + 1) * members.length) / blockCount,
      );
    }
  }
}

function isWorthItsRows(jobs: JobsToPack, block: readonly number[]): boolean {
  const rows = new Set<number>();
  let postings = 0;
  for (const job of block) {
    for (const skill of skillsOf(jobs, job)) {
      rows.add(skill);
      postings += 1;
    }
  }
  return postings >= LEAST_POSTINGS_OF_ROW * rows.size;
}
