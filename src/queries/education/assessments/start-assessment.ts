import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { assessments } from '../../../schema/education/assessments.ts';
import { NOW } from '../../now.ts';
import { type AssessmentResult, explainAssessment, toAssessmentResult } from './assessment.ts';

const input = z.strictObject({
  userId: v.uuid,
  assessmentId: v.uuid,
  startedAt: v.instant.optional(),
});

export interface StartAssessmentParams {
  userId: string;
  assessmentId: string;
  /** Default: now, in whole milliseconds. */
  startedAt?: Date | undefined;
}

/**
 * Starts an assessment, once, and returns it.
 *
 * @throws NotFoundError; WrongStateError when it has been started.
 */
export async function startAssessment(
  db: Db,
  params: StartAssessmentParams,
): Promise<AssessmentResult> {
  const { userId, assessmentId, startedAt } = parseInput(input, params);
  const [row] = await db
    .update(assessments)
    .set({ status: 'IN_PROGRESS', startedAt: startedAt ?? sql.raw(NOW) })
    .where(
      and(
        eq(assessments.userId, userId),
        eq(assessments.id, assessmentId),
        eq(assessments.status, 'NOT_STARTED'),
      ),
    )
    .returning();
  if (row === undefined) {
    throw await explainAssessment(db, { userId, assessmentId }, 'NOT_STARTED');
  }
  return toAssessmentResult(row);
}
