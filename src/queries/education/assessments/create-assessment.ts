import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { parseInput, text, uuid } from '../../../input/validate.ts';
import { type Assessment, assessmentType } from '../../../schema/education/assessments.ts';
import { type AssessmentResult, assessmentList, sheet } from './assessment.ts';

const input = () =>
  z.strictObject({
    id: uuid.optional(),
    userId: uuid,
    courseId: uuid.optional(),
    type: z.enum(assessmentType.enumValues),
    title: text({ max: 200 }),
    questions: sheet.default([]),
    maxScore: z.int().min(1).max(1_000_000),
    passPercent: z.int().min(1).max(100).default(50),
  }) satisfies z.ZodType<unknown, CreateAssessmentParams>;

/** An assessment that a user is set. */
export interface CreateAssessmentParams {
  /** A UUID. Default: a new one. */
  id?: string | undefined;
  /** Whose assessment it is: a UUID. */
  userId: string;
  /** The course it belongs to: a UUID. Default: none. */
  courseId?: string | undefined;
  /** What it is: `QUIZ`, `EXAM`, `ASSIGNMENT`, `PROJECT` or `SKILL_TEST`. */
  type: Assessment['type'];
  /** 1 to 200 characters. */
  title: string;
  /**
   * Any JSON, one value a question, in order: at most 1,000 of them, and 1,048,576 bytes as JSON.
   * Default: none.
   */
  questions?: unknown[] | undefined;
  /** What a perfect answer scores, a whole number of 1 to 1,000,000. */
  maxScore: number;
  /** The percentage of `maxScore` that passes, a whole number of 1 to 100. Default: 50. */
  passPercent?: number | undefined;
}

const insertedAssessment = statement<
  AssessmentResult,
  [
    id: string | null,
    userId: string,
    courseId: string | null,
    type: Assessment['type'],
    title: string,
    questions: string,
    maxScore: number,
    passPercent: number,
  ]
>(
  'inserted_assessment',
  `insert into education.assessments
   (id, user_id, course_id, type, title, questions, max_score, pass_percent)
   values (coalesce($1::uuid, platform.new_id()), $2, $3, $4, $5, $6, $7, $8)
   returning ${assessmentList}`,
);

/**
 * Sets a user an assessment, which they have not started, and returns it. `passPercent` of
 * `maxScore` passes; default 50.
 *
 * @throws InvalidInputError; NotFoundError when the user or the course does not exist;
 * AlreadyExistsError when the user has an assessment of this id.
 */
export async function createAssessment(
  db: Db,
  params: CreateAssessmentParams,
): Promise<AssessmentResult> {
  const assessment = parseInput(input, params);
  const rows = await insertedAssessment(db, [
    assessment.id ?? null,
    assessment.userId,
    assessment.courseId ?? null,
    assessment.type,
    assessment.title,
    JSON.stringify(assessment.questions),
    assessment.maxScore,
    assessment.passPercent,
  ]);
  return only(rows);
}
