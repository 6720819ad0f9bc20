import { z } from 'zod';
import { InvalidInputError } from '../../errors.ts';
import type { Db } from '../../session.ts';
import { executorOf } from '../../session.ts';
import { statement } from '../../statement.ts';
import { TransactionClient } from '../../transaction-client.ts';
import { parseInput } from '../../validate.ts';
import { groupAlike, type SkillSets } from './group-alike.ts';

export interface PackJobsOptions {
  /** Told after each block how many jobs are packed. */
  onProgress?: ((jobs: number) => void) | undefined;
}

const input = z.strictObject({
  onProgress: z.custom<(jobs: number) => void>((value) => typeof value === 'function').optional(),
});

/** As many as `slot` in packed_jobs allows for. */
const MOST_IN_BLOCK = 512;
const JOBS_OF_TOPIC = 500;
/** Below this, reading the rows of a block costs about as much as reading the postings that they stand for. */
const LEAST_POSTINGS_OF_ROW = 12;
const JOBS_OF_PAGE = 20_000;

const readState = statement<{ active: number; packed: number; places: number }>(
  'read_packing_state',
  `select
    (select count(*)::integer from marketplace.job_vectors where total_weight > 0) as active,
    coalesce(sum(jobs), 0)::integer as packed, coalesce(sum(places), 0)::integer as places
  from (
    select count(*) as jobs, max(slot) % ${MOST_IN_BLOCK} + 1 as places
    from marketplace.packed_jobs
    group by slot / ${MOST_IN_BLOCK}
  ) blocks`,
);

const readJobs = statement<{ id: string; weight: number; needs: string }>(
  'read_jobs_to_pack',
  `select job_id as id, total_weight as weight, needs::text
  from marketplace.job_vectors
  where total_weight > 0
  and ($1::uuid is null or job_id > $1)
  order by job_id
  limit ${JOBS_OF_PAGE}`,
);

const beginGroup = statement<{ block: number }>(
  'begin_packed_group',
  'select marketplace.begin_packed_group() as block',
);

const packBlock = statement<{ jobs: number }>(
  'pack_block',
  'select marketplace.pack_block($1, $2) as jobs',
);

const unpackJobs = statement<{ jobs: number }>(
  'unpack_jobs',
  'select marketplace.unpack_jobs($1, 500) as jobs',
);

const dropEmptyBlocks = statement('drop_empty_blocks', 'select marketplace.drop_empty_blocks($1)');

/**
 * Packs the jobs that can match into blocks of jobs that ask for much the same, in which searches score hundreds at once,
 * and says how many are packed. Results are exact before, meanwhile and after: a job that is new, or has changed since it
 * was packed, is found by its postings. Run it when many jobs have come or changed, such as every night, and after
 * `refreshSkillRanks`: while nine in ten jobs are packed it does nothing, else it packs all of them anew.
 * It takes a minute or more for each million jobs, and about 200 MB of memory.
 *
 * Jobs whose skills have little to do with each other stay among the postings, because blocks of them would be slower.
 * Each block is a transaction of its own. Readers never wait; a writer waits for the block that its job is in; a job
 * that somebody holds stays where it is.
 *
 * @throws InvalidInputError when an option is out of range, or `db` is an open transaction.
 */
export async function packJobs(db: Db, options: PackJobsOptions = {}): Promise<{ jobs: number }> {
  const { onProgress } = parseInput(input, options);
  if (executorOf(db) instanceof TransactionClient) {
    throw new InvalidInputError('db', 'must be the database, not an open transaction');
  }
  const [state] = await readState(db);
  const { active, packed, places } = state ?? { active: 0, packed: 0, places: 0 };
  if ((active - packed + places - packed) * 10 <= active) return { jobs: packed };

  const [group] = await beginGroup(db);
  let jobs = 0;
  for (const block of await planBlocks(await readAll(db))) {
    const [done] = await packBlock(db, [block, LEAST_POSTINGS_OF_ROW]);
    jobs += done?.jobs ?? 0;
    onProgress?.(jobs);
  }
  // What is still in an older block has no place in a new one. What somebody holds stays there.
  for (;;) {
    const [chunk] = await unpackJobs(db, [group?.block]);
    if (chunk === undefined || chunk.jobs === 0) break;
  }
  await dropEmptyBlocks(db, [group?.block]);
  return { jobs };
}

interface JobsToPack extends SkillSets {
  ids: string[];
  weights: number[];
}

async function readAll(db: Db): Promise<JobsToPack> {
  const ids: string[] = [];
  const weights: number[] = [];
  const starts = [0];
  const skills: number[] = [];
  for (;;) {
    const rows = await readJobs(db, [ids.at(-1) ?? null]);
    for (const { id, weight, needs } of rows) {
      ids.push(id);
      weights.push(weight);
      for (const code of needs.slice(1, -1).split(',')) skills.push(Number(code) >> 3);
      starts.push(skills.length);
    }
    if (rows.length < JOBS_OF_PAGE) break;
  }
  return { ids, weights, starts: Uint32Array.from(starts), skills: Uint32Array.from(skills) };
}

/** A topic's jobs from the lightest to the heaviest, in blocks of about the same size. */
async function planBlocks(jobs: JobsToPack): Promise<string[][]> {
  const topicOf = await groupAlike(jobs, Math.ceil(jobs.ids.length / JOBS_OF_TOPIC));
  const topics = new Map<number, number[]>();
  for (const [job, topic] of topicOf.entries()) {
    const members = topics.get(topic);
    if (members === undefined) topics.set(topic, [job]);
    else members.push(job);
  }
  const weightOf = (job: number) => jobs.weights[job] ?? 0;
  return [...topics.values()].flatMap((members) => {
    members.sort((a, b) => weightOf(a) - weightOf(b));
    const ids = members.map((job) => jobs.ids[job] ?? '');
    const blockCount = Math.ceil(ids.length / MOST_IN_BLOCK);
    return Array.from({ length: blockCount }, (_, n) =>
      ids.slice((n * ids.length) / blockCount, ((n + 1) * ids.length) / blockCount),
    );
  });
}
