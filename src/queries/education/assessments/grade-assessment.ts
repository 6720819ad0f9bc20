import { and, gte } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { InvalidInputError, WrongStateError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';
import { assessments } from '../../../schema/education/assessments.ts';
import {
  type AssessmentResult,
  assessmentFields,
  assessmentKey,
  getAssessmentState,
  inState,
  timeOr,
} from './assessment.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    assessmentId: uuid,
    score: z.int().min(0).max(1_000_000),
    gradedAt: instant.optional(),
  });

/** The grade of an assessment that was handed in. */
export interface GradeAssessmentParams {
  /** Whose assessment it is: a UUID. */
  userId: string;
  /** The assessment: a UUID. */
  assessmentId: string;
  /** Whole points, from 0 to the assessment's `maxScore`. */
  score: number;
  /** When it was graded, not before the submission. Default: now, in whole milliseconds. */
  gradedAt?: Date | undefined;
}

const gradedAssessment = prepared(
  'graded_assessment',
  { ...assessmentKey, score: assessments.score, gradedAt: assessments.completedAt },
  (query, { score, gradedAt, ...ref }) =>
    query
      .update(assessments)
      .set({ status: 'GRADED', score, completedAt: timeOr(gradedAt) })
      .where(and(inState(ref, 'SUBMITTED'), gte(assessments.maxScore, score)))
      .returning(assessmentFields),
);

/**
 * Grades a submitted assessment, once and for good, and returns it. Of two who grade at the same
 * time, one wins. When it is passed, `assessment.passed` is published in the same transaction: the
 * ground of a reward.
 *
 * @throws NotFoundError; WrongStateError when it is not submitted or has been graded;
 * InvalidInputError when the score is above the assessment's most, or `gradedAt` before
 * the submission.
 */
export async function gradeAssessment(
  db: Db,
  params: GradeAssessmentParams,
): Promise<AssessmentResult> {
  const { score, gradedAt = null, ...ref } = parseInput(input, params);
  const [assessment] = await gradedAssessment(db, { ...ref, score, gradedAt });
  if (assessment !== undefined) return assessment;
  const { status, maxScore } = await getAssessmentState(db, ref);
  if (status !== 'SUBMITTED') throw new WrongStateError('assessment', status, 'SUBMITTED');
  if (score > maxScore) {
    throw new InvalidInputError('score', "must be at most the assessment's maxScore");
  }
  // It was submitted in between. A status only goes forward, so this happens once.
  return await gradeAssessment(db, params);
}
