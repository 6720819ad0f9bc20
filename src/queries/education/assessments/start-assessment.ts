import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';
import { assessments } from '../../../schema/education/assessments.ts';
import {
  type AssessmentResult,
  assessmentFields,
  assessmentKey,
  changedAssessment,
  inState,
  timeOr,
} from './assessment.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    assessmentId: uuid,
    startedAt: instant.optional(),
  });

/** The start of an assessment. */
export interface StartAssessmentParams {
  /** Whose assessment it is: a UUID. */
  userId: string;
  /** The assessment: a UUID. */
  assessmentId: string;
  /** When it was started, in the years 1 to 9999. Default: now, in whole milliseconds. */
  startedAt?: Date | undefined;
}

const startedAssessment = prepared(
  'started_assessment',
  { ...assessmentKey, startedAt: assessments.startedAt },
  (query, { startedAt, ...ref }) =>
    query
      .update(assessments)
      .set({ status: 'IN_PROGRESS', startedAt: timeOr(startedAt) })
      .where(inState(ref, 'NOT_STARTED'))
      .returning(assessmentFields),
);

/**
 * Starts an assessment, once, and returns it.
 *
 * @throws NotFoundError; WrongStateError when it has been started.
 */
export async function startAssessment(
  db: Db,
  params: StartAssessmentParams,
): Promise<AssessmentResult> {
  const { startedAt = null, ...ref } = parseInput(input, params);
  const rows = await startedAssessment(db, { ...ref, startedAt });
  return await changedAssessment(db, ref, 'NOT_STARTED', rows);
}
