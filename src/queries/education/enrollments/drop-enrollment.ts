import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError, WrongStateError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';
import { type EnrollmentProgress, enrollmentList } from './enrollment.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    courseId: uuid,
    droppedAt: instant.optional(),
  });

/** A learner who leaves a course. */
export interface DropEnrollmentParams {
  /** The learner: a UUID. */
  userId: string;
  /** The course: a UUID. */
  courseId: string;
  /** When they left, not before they enrolled. Default: now, in whole milliseconds. */
  droppedAt?: Date | undefined;
}

const droppedEnrollment = statement<
  EnrollmentProgress,
  [userId: string, courseId: string, droppedAt: Date | null]
>(
  'dropped_enrollment',
  `select ${enrollmentList}
   from education.drop_enrollment($1, $2, $3) as enrollments`,
);

/**
 * Takes a learner out of a course, and returns the enrollment. What they did is kept, and `enroll`
 * brings them back; meanwhile their events are rejected. Someone who dropped out already is left as
 * they are. Locks the enrollment, so of two who drop it and one who completes it, each learns what
 * became of it.
 *
 * @throws NotFoundError when the user is not enrolled, WrongStateError when the course is
 * completed, InvalidInputError when `droppedAt` is before the enrollment.
 */
export async function dropEnrollment(
  db: Db,
  params: DropEnrollmentParams,
): Promise<EnrollmentProgress> {
  const { userId, courseId, droppedAt } = parseInput(input, params);
  const [enrollment] = await droppedEnrollment(db, [userId, courseId, droppedAt ?? null]);
  if (enrollment === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  const { status } = enrollment;
  if (status !== 'DROPPED') throw new WrongStateError('enrollment', status, 'ACTIVE');
  return enrollment;
}
