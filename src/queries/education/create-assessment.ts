import { z } from 'zod';
import { assessments, assessmentType } from '../../schema/education/assessments.ts';
import type { Db } from '../../session.ts';
import { only } from '../../statement.ts';
import * as v from '../../validate.ts';
import { parseInput } from '../../validate.ts';
import { json } from '../../validate-json.ts';
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
