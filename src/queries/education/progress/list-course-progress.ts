import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, timestampText, toPage } from '../../../input/cursor.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import {
  ENROLLMENT_COLUMNS,
  type EnrollmentProgress,
  type EnrollmentRow,
  slotOf,
  toEnrollmentProgress,
} from '../enrollments/enrollment.ts';

// The kind of order is in the cursor, so that one of the other order is refused.
const cursors = {
  progress: defineCursor('course_progress', z.tuple([z.int32(), v.uuid])),
  activity: defineCursor('course_activity', z.tuple([timestampText, v.uuid])),
};

const common = { courseId: v.uuid, limit: v.limit({ max: 500 }) };
const input = z.discriminatedUnion('order', [
  z.strictObject({
    ...common,
    order: z.literal('progress').optional(),
    cursor: cursors.progress.field,
  }),
  z.strictObject({ ...common, order: z.literal('activity'), cursor: cursors.activity.field }),
]);

export interface ListCourseProgressParams {
  courseId: string;
  /** `progress`: the furthest first. `activity`: the most recent first. Default `progress`. */
  order?: 'progress' | 'activity' | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface CourseProgressItem extends EnrollmentProgress {
  learnerName: string;
}

interface Row extends EnrollmentRow {
  learner_name: string;
  activity_text: string;
}

const COLUMNS = `${ENROLLMENT_COLUMNS},
  (select name from identity.users where id = enrollments.user_id) as learner_name,
  enrollments.last_activity_at::text as activity_text`;
const POINTS = 'enrollments.done_weight::bigint * 10000 / enrollments.total_weight';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

// Both read backward in an index, from where the last page ended, and stop when the page is full, whatever the course's
// size. The first page starts after everything, so that one plan serves all.
const byProgress = statement<Row>(
  'list_course_by_progress',
  `select
  ${COLUMNS}
from education.enrollments
where enrollments.course_id = $1
  and (${POINTS}, enrollments.user_id) < ($3::bigint, $4::uuid)
order by (${POINTS}) desc, enrollments.user_id desc
limit $2`,
);

// The slot is a step function of the activity, so naming it first changes no order. `with ties` reads the last slot to
// its end and no further, and what is sorted is no more than that: asked for the whole order at once, the planner
// rather sorted the course, where it took it for one of average size.
const byActivity = statement<Row>(
  'list_course_by_activity',
  `select
  ${COLUMNS}
from (
  select *
  from education.enrollments
  where course_id = $1
    and (activity_slot, last_activity_at, user_id) < (${slotOf('$3::timestamptz')}, $3::timestamptz, $4::uuid)
  order by activity_slot desc
  fetch first ($2) rows with ties
) as enrollments
order by enrollments.last_activity_at desc, enrollments.user_id desc
limit $2`,
);

export const courseProgressPages = { progress: byProgress, activity: byActivity };

/**
 * Lists the learners of a course, 500 at most, whatever their status: the furthest first (`enrollments_course_progress_idx`), or
 * the most recently active first (`enrollments_course_activity_idx`, sorted within quarters of an hour: of those that
 * the page touches, everyone is read), then the greater user id.
 */
export async function listCourseProgress(
  db: Db,
  params: ListCourseProgressParams,
): Promise<{ items: CourseProgressItem[]; nextCursor: string | null }> {
  const { order = 'progress', ...page } = parseInput(input, params);
  const first = order === 'progress' ? 10_001 : 'infinity';
  const [after, afterId] = page.cursor ?? [first, LAST_ID];
  const rows = await courseProgressPages[order](db, [
    page.courseId,
    page.limit + 1,
    after,
    afterId,
  ]);
  const { items, nextCursor } = toPage(rows, page.limit, (last) =>
    order === 'progress'
      ? cursors.progress.encode([last.basis_points, last.user_id])
      : cursors.activity.encode([last.activity_text, last.user_id]),
  );
  return {
    items: items.map((row) => ({ ...toEnrollmentProgress(row), learnerName: row.learner_name })),
    nextCursor,
  };
}
