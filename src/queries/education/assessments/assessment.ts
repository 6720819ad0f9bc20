import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { columns } from '../../../db/columns.ts';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError, WrongStateError } from '../../../errors.ts';
import { json, withinBytes } from '../../../input/json.ts';
import { NOW } from '../../../schema/columns.ts';
import { type Assessment, assessments } from '../../../schema/education/assessments.ts';

/** One user's sitting of a quiz, exam or project. */
export interface AssessmentResult extends Assessment {
  /** Whether the score is at least `passPercent` of the most; null before it is graded. */
  passed: boolean | null;
}

const stored = getTableColumns(assessments);
const PASSED = 'score::bigint * 100 >= pass_percent::bigint * max_score';

const assessmentColumns = columns(assessments, Object.keys(stored) as (keyof Assessment)[]);

/** The questions or the answers of an assessment: any JSON, a MiB of it at most. */
export const sheet = z
  .array(json)
  .max(1_000)
  .refine(...withinBytes(1_048_576));

/** The select list of `AssessmentResult`. */
export const assessmentList = `${assessmentColumns.list},
     ${PASSED} as passed`;

/** The same for Drizzle's builder. */
export const assessmentFields = {
  ...stored,
  passed: sql<boolean | null>`${sql.raw(PASSED)}`,
};

/** What names an assessment in a prepared statement. */
export const assessmentKey = { userId: assessments.userId, assessmentId: assessments.id };

export interface AssessmentRef {
  userId: string;
  assessmentId: string;
}

/** This assessment, as long as a step has not taken it out of the state. */
export function inState(
  { userId, assessmentId }: Record<keyof AssessmentRef, SQL>,
  status: Assessment['status'],
): SQL | undefined {
  return and(
    eq(assessments.userId, userId),
    eq(assessments.id, assessmentId),
    eq(assessments.status, status),
  );
}

/** The time of a step, which is the server's when the caller gives none. */
export function timeOr(given: SQL): SQL {
  return sql`coalesce(${given}, ${sql.raw(NOW)})`;
}

const selectAssessmentState = prepared(
  'select_assessment_state',
  assessmentKey,
  (query, { userId, assessmentId }) =>
    query
      .select({ status: assessments.status, maxScore: assessments.maxScore })
      .from(assessments)
      .where(and(eq(assessments.userId, userId), eq(assessments.id, assessmentId))),
);

/** @throws NotFoundError */
export async function getAssessmentState(db: Db, ref: AssessmentRef) {
  const [row] = await selectAssessmentState(db, ref);
  if (row === undefined) throw new NotFoundError('assessment', ['userId', 'assessmentId']);
  return row;
}

/**
 * What a step made of an assessment.
 *
 * @throws NotFoundError; WrongStateError when it made nothing.
 */
export async function changedAssessment(
  db: Db,
  ref: AssessmentRef,
  needed: Assessment['status'],
  [changed]: AssessmentResult[],
): Promise<AssessmentResult> {
  if (changed !== undefined) return changed;
  const { status } = await getAssessmentState(db, ref);
  throw new WrongStateError('assessment', status, needed);
}
