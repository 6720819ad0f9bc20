import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { AzoraDbError, NotFoundError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';
import { NOW } from '../../../schema/columns.ts';
import { enrollments } from '../../../schema/education/enrollments.ts';
import { type EnrollmentProgress, enrollmentFields } from './enrollment.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    courseId: uuid,
    enrolledAt: instant.optional(),
  });

/** A learner who begins a course, or comes back to it. */
export interface EnrollParams {
  /** The learner: a UUID. */
  userId: string;
  /** The course: a UUID. */
  courseId: string;
  /** When they came; events before it are rejected. Default: now, in whole milliseconds. */
  enrolledAt?: Date | undefined;
}

/**
 * Nobody can enroll in a course that is still a draft or archived, nor come back to it after
 * dropping out.
 */
export class CourseNotOpenError extends AzoraDbError {
  constructor() {
    super('COURSE_NOT_OPEN', 'the course is not published: publish it before anyone enrolls');
  }
}

interface OutcomeRow {
  outcome: 'new' | 'there' | 'returned' | 'no course' | 'no user' | 'not open';
}

const enrollmentOutcome = statement<
  OutcomeRow,
  [userId: string, courseId: string, enrolledAt: Date | null]
>(
  'enrollment_outcome',
  `select education.enroll($1, $2, coalesce($3::timestamptz, ${NOW})) as outcome`,
);

const selectEnrollment = prepared(
  'select_enrollment',
  { userId: enrollments.userId, courseId: enrollments.courseId },
  (query, { userId, courseId }) =>
    query
      .select(enrollmentFields)
      .from(enrollments)
      .where(and(eq(enrollments.userId, userId), eq(enrollments.courseId, courseId))),
);

/**
 * Puts a learner into the published revision of a course, and returns the enrollment; the one that
 * is there, if there is one. A learner who dropped out is back where they were, on the revision
 * that they left: `moveEnrollments` moves them on. Safe against a revision that is published
 * meanwhile: one waits for the other, by the course's row, so a new learner follows the new
 * revision or is seen by whoever moves the old one's.
 *
 * @throws NotFoundError when there is no such course, or the user is unknown or deleted;
 * CourseNotOpenError when the course is not published and the learner is new or dropped out.
 */
export async function enroll(db: Db, params: EnrollParams): Promise<EnrollmentProgress> {
  const { userId, courseId, enrolledAt } = parseInput(input, params);
  const { outcome } = only(await enrollmentOutcome(db, [userId, courseId, enrolledAt ?? null]));
  if (outcome === 'no course') throw new NotFoundError('course', ['courseId']);
  if (outcome === 'no user') throw new NotFoundError('user', ['userId']);
  if (outcome === 'not open') throw new CourseNotOpenError();
  const [enrollment] = await selectEnrollment(db, { userId, courseId });
  if (enrollment === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  return enrollment;
}
