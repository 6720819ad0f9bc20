import { and, eq } from 'drizzle-orm';
import { NotFoundError } from '../../errors.ts';
import { type Assessment, assessments } from '../../schema/education/assessments.ts';
import type { Db } from '../../session.ts';
import { WrongStatusError } from './errors.ts';

/** One user's sitting of a quiz, exam or project. */
export interface AssessmentResult extends Assessment {
  /** Whether the score is at least `passPercent` of the most; null before it is graded. */
  passed: boolean | null;
}

export function toAssessmentResult(row: Assessment): AssessmentResult {
  const passed = row.score === null ? null : row.score * 100 >= row.passPercent * row.maxScore;
  return { ...row, passed };
}

/** Tells why a step found no row to change. */
export async function explainAssessment(
  db: Db,
  { userId, assessmentId }: { userId: string; assessmentId: string },
  needed: Assessment['status'],
): Promise<WrongStatusError | NotFoundError> {
  const [row] = await db
    .select({ status: assessments.status })
    .from(assessments)
    .where(and(eq(assessments.userId, userId), eq(assessments.id, assessmentId)));
  if (row === undefined) return new NotFoundError('assessment', ['userId', 'assessmentId']);
  return new WrongStatusError('assessment', row.status, needed);
}
