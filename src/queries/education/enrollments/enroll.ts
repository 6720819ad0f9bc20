import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { NOW } from '../../now.ts';
import { CourseNotOpenError } from '../errors.ts';
import {
  ENROLLMENT_COLUMNS,
  type EnrollmentProgress,
  type EnrollmentRow,
  toEnrollmentProgress,
} from './enrollment.ts';

const input = z.strictObject({
  userId: v.uuid,
  courseId: v.uuid,
  enrolledAt: v.instant.optional(),
});

export interface EnrollParams {
  userId: string;
  courseId: string;
  /** Events before it are rejected. Default: now, in whole milliseconds. */
  enrolledAt?: Date | undefined;
}

type Outcome = 'new' | 'there' | 'returned' | 'no course' | 'no user' | 'not open';

const insertEnrollment = statement<{ outcome: Outcome }>(
  'enroll',
  `select education.enroll($1, $2, coalesce($3::timestamptz, ${NOW})) as outcome`,
);

const findEnrollment = statement<EnrollmentRow>(
  'find_enrollment',
  `select
  ${ENROLLMENT_COLUMNS}
from education.enrollments
where user_id = $1
  and course_id = $2`,
);

/**
 * Puts a learner into the published revision of a course, and returns the enrollment; the one that is there, if
 * there is one. A learner who dropped out is back where they were, on the revision that they left:
 * `moveEnrollments` moves them on. Safe against a revision that is published meanwhile: one waits for the other, by
 * the course's row, so a new learner follows the new revision or is seen by whoever moves the old one's.
 *
 * @throws NotFoundError when there is no such course or the user is deleted; CourseNotOpenError when the course is not
 * published and the learner is new or dropped out; ConstraintError `enrollments_user_id_fkey` when there is no such user.
 */
export async function enroll(db: Db, params: EnrollParams): Promise<EnrollmentProgress> {
  const { userId, courseId, enrolledAt } = parseInput(input, params);
  const [result] = await insertEnrollment(db, [userId, courseId, enrolledAt ?? null]);
  if (result?.outcome === 'no course') throw new NotFoundError('course', ['courseId']);
  if (result?.outcome === 'no user') throw new NotFoundError('user', ['userId']);
  if (result?.outcome === 'not open') throw new CourseNotOpenError();
  const [row] = await findEnrollment(db, [userId, courseId]);
  if (row === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  return toEnrollmentProgress(row);
}
