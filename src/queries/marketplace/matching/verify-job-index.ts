import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import type { Finding, Verification } from '../../finding.ts';

/** What differs from what jobs and their skills give. */
export type JobIndexFindingKind =
  | 'vector missing'
  | 'vector of no job'
  | 'vector differs'
  | 'vector in no known order'
  | 'posting missing'
  | 'posting too many'
  | 'packed job cannot match'
  | 'packed share differs'
  | 'packed bound too low';

const input = () => z.strictObject({ limit: limit({ max: 10_000, fallback: 100 }) });

const selectFindings = statement<Finding<JobIndexFindingKind>, [limit: number]>(
  'select_job_index_findings',
  `select kind,
     jsonb_strip_nulls(
       jsonb_build_object('jobId', job_id, 'skillId', skill_id::text, 'level', level)
     ) as keys,
     field, expected, actual
   from marketplace.check_job_index()
   order by job_id, skill_id nulls first, level nulls first, kind collate "C", field collate "C",
     expected collate "C", actual collate "C"
   limit $1`,
);

/**
 * Computes from jobs and job_skills what matching keeps of them, and lists what differs, by job and
 * skill, 100 by default and 10,000 at most: nothing, unless somebody went past the triggers. Reads
 * everything, in one snapshot: minutes and a long statement timeout for a million jobs.
 *
 * @throws InvalidInputError
 */
export async function verifyJobIndex(
  db: Db,
  params: {
    /** How many findings at most, from 1 to 10,000. Default 100. */
    limit?: number | undefined;
  } = {},
): Promise<Verification<JobIndexFindingKind>> {
  const findings = await selectFindings(db, [parseInput(input, params).limit]);
  return { clean: findings.length === 0, findings };
}
