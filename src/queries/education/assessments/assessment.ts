import { and, eq } from 'drizzle-orm';
import type { Db } from '../../../db/session.ts';
import { NotFoundError, WrongStateError } from '../../../errors.ts';
import { type Assessment, assessments } from '../../../schema/education/assessments.ts';

/** One user's sitting of a quiz, exam or project. */
export interface AssessmentResult extends Assessment {
  /** Whether the score is at least `passPercent` of the most; null before it is graded. */
  passed: boolean | null;
}

export function toAssessmentResult(row: Assessment): AssessmentResult {
  const passed = row.score === null ? null : row.score * 100 >= row.passPercent * row.maxScore;
  return { ...row, passed };
}

export interface AssessmentRef {
  userId: string;
  assessmentId: string;
}

/** @throws NotFoundError */
export async function getAssessmentState(db: Db, { userId, assessmentId }: AssessmentRef) {
  const [row] = await db
    .select({ status: assessments.status, maxScore: assessments.maxScore })
    .from(assessments)
    .where(and(eq(assessments.userId, userId), eq(assessments.id, assessmentId)));
  if (row === undefined) throw new NotFoundError('assessment', ['userId', 'assessmentId']);
  return row;
}

/** Tells why a step found no row to change. @throws NotFoundError */
export async function explainAssessment(
  db: Db,
  ref: AssessmentRef,
  needed: Assessment['status'],
): Promise<WrongStateError> {
  const { status } = await getAssessmentState(db, ref);
  return new WrongStateError('assessment', status, needed);
}
