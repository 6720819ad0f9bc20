import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, timestampText, toPage } from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Page, PageParams } from '../../page.ts';
import {
  BASIS_POINTS,
  type EnrollmentProgress,
  enrollmentList,
  slotOf,
} from '../enrollments/enrollment.ts';

// The kind of order is in the cursor, so that one of the other order is refused.
const cursors = {
  progress: defineCursor('course_progress', z.tuple([z.int32(), uuid])),
  activity: defineCursor('course_activity', z.tuple([timestampText, uuid])),
};

const common = { courseId: uuid, limit: limit({ max: 500 }) };
const input = () =>
  z.discriminatedUnion('order', [
    z.strictObject({
      ...common,
      order: z.literal('progress').optional(),
      cursor: cursors.progress.field,
    }),
    z.strictObject({ ...common, order: z.literal('activity'), cursor: cursors.activity.field }),
  ]);

/** Whose learners, and in which order. */
export interface ListCourseProgressParams extends PageParams {
  /** The course: a UUID. */
  courseId: string;
  /** `progress`: the furthest first. `activity`: the most recent first. Default `progress`. */
  order?: 'progress' | 'activity' | undefined;
  /** How many learners at most, from 1 to 500. Default 20. */
  limit?: number | undefined;
}

/** A learner of a course. */
export interface CourseProgressItem extends EnrollmentProgress {
  /** The learner's name. */
  learnerName: string;
}

interface PageRow extends CourseProgressItem {
  activityText: string;
}

const PAGE_LIST = `${enrollmentList},
     (select name from identity.users where id = enrollments.user_id) as "learnerName",
     enrollments.last_activity_at::text as "activityText"`;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

// Both read backward in an index, from where the last page ended, and stop when the page is full,
// whatever the course's size. The first page starts after everything, so that one plan serves all.
export const selectPageByProgress = statement<
  PageRow,
  [courseId: string, limit: number, after: number, afterId: string]
>(
  'select_page_by_progress',
  `select ${PAGE_LIST}
   from education.enrollments
   where enrollments.course_id = $1
     and (${BASIS_POINTS}, enrollments.user_id)
       < ($3::bigint, $4::uuid)
   order by (${BASIS_POINTS}) desc,
     enrollments.user_id desc
   limit $2`,
);

// The slot is a step function of the activity, so naming it first changes no order. `with ties`
// reads the last slot to its end and no further, and what is sorted is no more than that: asked for
// the whole order at once, the planner rather sorted the course, where it took it for one of
// average size.
export const selectPageByActivity = statement<
  PageRow,
  [courseId: string, limit: number, after: string, afterId: string]
>(
  'select_page_by_activity',
  `select ${PAGE_LIST}
   from (
     select *
     from education.enrollments
     where course_id = $1
       and (activity_slot, last_activity_at, user_id)
         < (${slotOf('$3::timestamptz')}, $3::timestamptz, $4::uuid)
     order by activity_slot desc
     fetch first ($2) rows with ties
   ) as enrollments
   order by enrollments.last_activity_at desc, enrollments.user_id desc
   limit $2`,
);

/**
 * Lists the learners of a course, 500 at most, whatever their status: the furthest first
 * (`enrollments_course_progress_idx`), or the most recently active first
 * (`enrollments_course_activity_idx`, sorted within quarters of an hour: of those that the page
 * touches, everyone is read), then the greater user id.
 */
export async function listCourseProgress(
  db: Db,
  params: ListCourseProgressParams,
): Promise<Page<CourseProgressItem>> {
  const page = parseInput(input, params);
  const { items, nextCursor } = await (page.order === 'activity'
    ? pageByActivity(db, page)
    : pageByProgress(db, page));
  return { items: items.map(({ activityText, ...item }) => item), nextCursor };
}

interface Asked<After> {
  courseId: string;
  limit: number;
  cursor?: [after: After, afterId: string] | undefined;
}

async function pageByProgress(db: Db, { courseId, limit, cursor }: Asked<number>) {
  const [after, afterId] = cursor ?? [10_001, LAST_ID];
  const rows = await selectPageByProgress(db, [courseId, limit + 1, after, afterId]);
  return toPage(rows, limit, (last) => cursors.progress.encode([last.basisPoints, last.userId]));
}

async function pageByActivity(db: Db, { courseId, limit, cursor }: Asked<string>) {
  const [after, afterId] = cursor ?? ['infinity', LAST_ID];
  const rows = await selectPageByActivity(db, [courseId, limit + 1, after, afterId]);
  return toPage(rows, limit, (last) => cursors.activity.encode([last.activityText, last.userId]));
}
