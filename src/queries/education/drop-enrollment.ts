import { z } from 'zod';
import { NotFoundError } from '../../errors.ts';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import * as v from '../../validate.ts';
import { parseInput } from '../../validate.ts';
import {
  ENROLLMENT_COLUMNS,
  type EnrollmentProgress,
  type EnrollmentRow,
  toEnrollmentProgress,
} from './enrollment.ts';
import { WrongStatusError } from './errors.ts';

const input = z.strictObject({
  userId: v.uuid,
  courseId: v.uuid,
  droppedAt: v.instant.optional(),
});

export interface DropEnrollmentParams {
  userId: string;
  courseId: string;
  /** Default: now. */
  droppedAt?: Date;
}

// The row as it was is what is left to return when it cannot be dropped.
const dropOut = statement<EnrollmentRow>(
  'drop_enrollment',
  `with dropped_enrollments as (
  update education.enrollments
  set status = 'DROPPED',
    dropped_at = coalesce($3::timestamptz, clock_timestamp()),
    updated_at = clock_timestamp()
  where user_id = $1
    and course_id = $2
    and status = 'ACTIVE'
  returning *
)
select
  ${ENROLLMENT_COLUMNS}
from education.enrollments as known
join lateral (
  select * from dropped_enrollments
  union all
  select known.*
  limit 1
) as enrollments on true
where known.user_id = $1
  and known.course_id = $2`,
);

/**
 * Takes a learner out of a course, and returns the enrollment. What they did is kept, and `enroll` brings them
 * back; meanwhile their events are rejected. Someone who dropped out already is left as they are.
 *
 * @throws NotFoundError when the user is not enrolled, WrongStatusError when the course is completed,
 * ConstraintError `enrollments_dropped_after_enrolled_check`.
 */
export async function dropEnrollment(
  db: Db,
  params: DropEnrollmentParams,
): Promise<EnrollmentProgress> {
  const { userId, courseId, droppedAt } = parseInput(input, params);
  const [row] = await dropOut(db, [userId, courseId, droppedAt ?? null]);
  if (row === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  if (row.status !== 'DROPPED') throw new WrongStatusError('enrollment', row.status, 'ACTIVE');
  return toEnrollmentProgress(row);
}
