import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { json } from '../../../input/json.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { assessments } from '../../../schema/education/assessments.ts';
import { NOW } from '../../now.ts';
import { type AssessmentResult, explainAssessment, toAssessmentResult } from './assessment.ts';

const input = z.strictObject({
  userId: v.uuid,
  assessmentId: v.uuid,
  answers: z.array(json).max(1_000),
  submittedAt: v.instant.optional(),
});

export interface SubmitAssessmentParams {
  userId: string;
  assessmentId: string;
  answers: unknown[];
  /** Default: now, in whole milliseconds. */
  submittedAt?: Date | undefined;
}

/**
 * Hands in the answers to an assessment under way, once, and returns it.
 *
 * @throws NotFoundError; WrongStateError when it is not under way; ConstraintError
 * `assessments_submitted_after_started_check`.
 */
export async function submitAssessment(
  db: Db,
  params: SubmitAssessmentParams,
): Promise<AssessmentResult> {
  const { userId, assessmentId, answers, submittedAt } = parseInput(input, params);
  const [row] = await db
    .update(assessments)
    .set({ status: 'SUBMITTED', answers, submittedAt: submittedAt ?? sql.raw(NOW) })
    .where(
      and(
        eq(assessments.userId, userId),
        eq(assessments.id, assessmentId),
        eq(assessments.status, 'IN_PROGRESS'),
      ),
    )
    .returning();
  if (row === undefined) {
    throw await explainAssessment(db, { userId, assessmentId }, 'IN_PROGRESS');
  }
  return toAssessmentResult(row);
}
