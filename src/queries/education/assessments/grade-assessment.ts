import { and, eq, gte, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { InvalidInputError, WrongStateError } from '../../../errors.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { assessments } from '../../../schema/education/assessments.ts';
import { NOW } from '../../now.ts';
import { type AssessmentResult, getAssessmentState, toAssessmentResult } from './assessment.ts';

const input = z.strictObject({
  userId: v.uuid,
  assessmentId: v.uuid,
  score: z.int().min(0).max(1_000_000),
  gradedAt: v.instant.optional(),
});

export interface GradeAssessmentParams {
  userId: string;
  assessmentId: string;
  /** Whole points, at most the assessment's `maxScore`. */
  score: number;
  /** Default: now, in whole milliseconds. */
  gradedAt?: Date | undefined;
}

/**
 * Grades a submitted assessment, once and for good, and returns it. Of two who grade at the same time, one wins.
 * When it is passed, `assessment.passed` is published in the same transaction: the ground of a reward.
 *
 * @throws NotFoundError; WrongStateError when it is not submitted or has been graded; InvalidInputError when the
 * score is above the assessment's most; ConstraintError `assessments_completed_after_submitted_check`.
 */
export async function gradeAssessment(
  db: Db,
  params: GradeAssessmentParams,
): Promise<AssessmentResult> {
  const { userId, assessmentId, score, gradedAt } = parseInput(input, params);
  const [row] = await db
    .update(assessments)
    .set({ status: 'GRADED', score, completedAt: gradedAt ?? sql.raw(NOW) })
    .where(
      and(
        eq(assessments.userId, userId),
        eq(assessments.id, assessmentId),
        eq(assessments.status, 'SUBMITTED'),
        gte(assessments.maxScore, score),
      ),
    )
    .returning();
  if (row !== undefined) return toAssessmentResult(row);
  const { status, maxScore } = await getAssessmentState(db, { userId, assessmentId });
  if (status !== 'SUBMITTED') throw new WrongStateError('assessment', status, 'SUBMITTED');
  if (score > maxScore) {
    throw new InvalidInputError('score', "must be at most the assessment's maxScore");
  }
  // It was submitted in between. A status only goes forward, so this happens once.
  return await gradeAssessment(db, params);
}
