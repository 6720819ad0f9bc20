import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, timestampText, toPage } from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Page, PageParams } from '../../page.ts';
import { type EnrollmentProgress, enrollmentList } from '../enrollments/enrollment.ts';

const cursor = defineCursor('learner_progress', z.tuple([timestampText, uuid]));

const input = () => z.strictObject({ userId: uuid, limit: limit(), cursor: cursor.field });

/** A course of a learner. */
export interface LearnerProgressItem extends EnrollmentProgress {
  /** The title of the course. */
  title: string;
}

// A learner is in tens of courses, which lie together under the primary key: sorting them costs
// less than an index that every event would have to move.
const selectLearnerProgress = statement<
  LearnerProgressItem & { activityText: string },
  [userId: string, limit: number, after: string | null, afterId: string | null]
>(
  'select_learner_progress',
  `select ${enrollmentList},
     courses.title,
     enrollments.last_activity_at::text as "activityText"
   from education.enrollments
   join education.courses
     on courses.id = enrollments.course_id
   where enrollments.user_id = $1
     and (
       $3::timestamptz is null
       or (enrollments.last_activity_at, enrollments.course_id) < ($3, $4::uuid)
     )
   order by enrollments.last_activity_at desc, enrollments.course_id desc
   limit $2`,
);

/** Lists the courses of a learner, the newest activity first, then the greater course id. */
export async function listLearnerProgress(
  db: Db,
  params: PageParams & {
    /** The learner: a UUID. */
    userId: string;
  },
): Promise<Page<LearnerProgressItem>> {
  const page = parseInput(input, params);
  const [after, afterId] = page.cursor ?? [null, null];
  const rows = await selectLearnerProgress(db, [page.userId, page.limit + 1, after, afterId]);
  const { items, nextCursor } = toPage(rows, page.limit, (last) =>
    cursor.encode([last.activityText, last.courseId]),
  );
  return { items: items.map(({ activityText, ...item }) => item), nextCursor };
}
