import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError, WrongStateError } from '../../../errors.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import {
  ENROLLMENT_COLUMNS,
  type EnrollmentProgress,
  type EnrollmentRow,
  toEnrollmentProgress,
} from './enrollment.ts';

const input = z.strictObject({
  userId: v.uuid,
  courseId: v.uuid,
  droppedAt: v.instant.optional(),
});

export interface DropEnrollmentParams {
  userId: string;
  courseId: string;
  /** Default: now, in whole milliseconds. */
  droppedAt?: Date | undefined;
}

const dropOut = statement<EnrollmentRow>(
  'drop_enrollment',
  `select
  ${ENROLLMENT_COLUMNS}
from education.drop_enrollment($1, $2, $3) as enrollments`,
);

/**
 * Takes a learner out of a course, and returns the enrollment. What they did is kept, and `enroll` brings them
 * back; meanwhile their events are rejected. Someone who dropped out already is left as they are. Locks the
 * enrollment, so of two who drop it and one who completes it, each learns what became of it.
 *
 * @throws NotFoundError when the user is not enrolled, WrongStateError when the course is completed,
 * ConstraintError `enrollments_dropped_after_enrolled_check`.
 */
export async function dropEnrollment(
  db: Db,
  params: DropEnrollmentParams,
): Promise<EnrollmentProgress> {
  const { userId, courseId, droppedAt } = parseInput(input, params);
  const [row] = await dropOut(db, [userId, courseId, droppedAt ?? null]);
  if (row === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  if (row.status !== 'DROPPED') throw new WrongStateError('enrollment', row.status, 'ACTIVE');
  return toEnrollmentProgress(row);
}
