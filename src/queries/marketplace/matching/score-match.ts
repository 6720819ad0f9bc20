import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import {
  askedSql,
  fitLister,
  type HeldLevels,
  heldSql,
  type SkillFits,
  type SkillNames,
} from './skill-fit.ts';

/** How well a user fits a job, and why. */
export interface MatchScore extends SkillFits {
  /** 0 to 10,000 basis points, hundredths of a percent; 0 for a job without skills. */
  score: number;
}

const input = () => z.strictObject({ userId: uuid, jobId: uuid });

interface Row {
  score: number;
  needs: number[] | null;
  names: SkillNames | null;
  held: HeldLevels | null;
}

const selectMatchScore = statement<Row, [userId: string, jobId: string]>(
  'select_match_score',
  `select marketplace.score_match(u.id, j.id) as score, asked.needs, asked.names,
     ${heldSql('u.id')} as held
   from identity.users u
   cross join marketplace.jobs j
   ${askedSql('$2')}
   where u.id = $1
     and j.id = $2`,
);

/**
 * How well one user fits one job, whatever the job's status, with the skills that say why. Reads
 * both by key.
 *
 * @throws NotFoundError when there is no such user or job.
 * @throws InvalidInputError
 */
export async function scoreMatch(
  db: Db,
  params: {
    /** The user: a UUID. */
    userId: string;
    /** The job: a UUID. */
    jobId: string;
  },
): Promise<MatchScore> {
  const { userId, jobId } = parseInput(input, params);
  const [row] = await selectMatchScore(db, [userId, jobId]);
  if (row === undefined) throw new NotFoundError('user and job', ['userId', 'jobId']);
  const { score, needs, names, held } = row;
  return { score, ...fitLister(names)(needs, held) };
}
