import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';

export interface JobIndexProblem {
  problem:
    | 'vector missing'
    | 'vector of no job'
    | 'vector differs'
    | 'vector in no known order'
    | 'posting missing'
    | 'posting too many'
    | 'packed job cannot match'
    | 'packed share differs'
    | 'packed bound too low';
  jobId: string;
  skillId: number | null;
}

const input = z.strictObject({ limit: limit({ max: 10_000, fallback: 100 }) });

const checkStatement = statement<JobIndexProblem>(
  'verify_job_index',
  `select problem, job_id as "jobId", skill_id as "skillId"
  from marketplace.check_job_index()
  order by job_id, skill_id nulls first, problem
  limit $1`,
);

/**
 * Computes from jobs and job_skills what matching keeps of them, and lists what differs, in no order, 100 by default and
 * 10,000 at most: nothing, unless somebody went past the triggers. Reads everything, in one snapshot: minutes and a long statement timeout for a million jobs.
 *
 * @throws InvalidInputError
 */
export async function verifyJobIndex(
  db: Db,
  params: { limit?: number | undefined } = {},
): Promise<JobIndexProblem[]> {
  const given = parseInput(input, params);
  return checkStatement(db, [given.limit]);
}
