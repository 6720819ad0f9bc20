import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only } from '../../../db/statement.ts';
import { json } from '../../../input/json.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { assessments, assessmentType } from '../../../schema/education/assessments.ts';
import { type AssessmentResult, toAssessmentResult } from './assessment.ts';

const input = z.strictObject({
  id: v.uuid.optional(),
  userId: v.uuid,
  courseId: v.uuid.optional(),
  type: z.enum(assessmentType.enumValues),
  title: v.text({ max: 200 }),
  questions: z.array(json).max(1_000).default([]),
  maxScore: z.int().min(1).max(1_000_000),
  passPercent: z.int().min(1).max(100).default(50),
});

export type CreateAssessmentParams = z.input<typeof input>;

/**
 * Sets a user an assessment, which they have not started, and returns it. `passPercent` of `maxScore` passes;
 * default 50.
 *
 * @throws InvalidInputError; ConstraintError when the user or the course does not exist.
 */
export async function createAssessment(
  db: Db,
  params: CreateAssessmentParams,
): Promise<AssessmentResult> {
  const assessment = parseInput(input, params);
  return toAssessmentResult(only(await db.insert(assessments).values(assessment).returning()));
}
