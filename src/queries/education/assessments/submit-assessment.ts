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
  sheet,
  timeOr,
} from './assessment.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    assessmentId: uuid,
    answers: sheet,
    submittedAt: instant.optional(),
  });

/** The answers to an assessment. */
export interface SubmitAssessmentParams {
  /** Whose assessment it is: a UUID. */
  userId: string;
  /** The assessment: a UUID. */
  assessmentId: string;
  /** Any JSON, at most 1,000 values and 1,048,576 bytes as JSON; it may be empty. */
  answers: unknown[];
  /** When it was handed in, not before the start. Default: now, in whole milliseconds. */
  submittedAt?: Date | undefined;
}

const submittedAssessment = prepared(
  'submitted_assessment',
  { ...assessmentKey, answers: assessments.answers, submittedAt: assessments.submittedAt },
  (query, { answers, submittedAt, ...ref }) =>
    query
      .update(assessments)
      .set({ status: 'SUBMITTED', answers, submittedAt: timeOr(submittedAt) })
      .where(inState(ref, 'IN_PROGRESS'))
      .returning(assessmentFields),
);

/**
 * Hands in the answers to an assessment under way, once, and returns it.
 *
 * @throws NotFoundError; WrongStateError when it is not under way;
 * InvalidInputError, also when `submittedAt` is before the start.
 */
export async function submitAssessment(
  db: Db,
  params: SubmitAssessmentParams,
): Promise<AssessmentResult> {
  const { answers, submittedAt = null, ...ref } = parseInput(input, params);
  const rows = await submittedAssessment(db, { ...ref, answers, submittedAt });
  return await changedAssessment(db, ref, 'IN_PROGRESS', rows);
}
