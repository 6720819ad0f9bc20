import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instant, instantsCheck, updatedAt } from '../columns.ts';
import { users } from '../identity/users.ts';
import { education } from '../schemas.ts';
import { courseRevisions, courses } from './courses.ts';

export const enrollmentStatus = education.enum('enrollment_status', [
  'ACTIVE',
  'COMPLETED',
  'DROPPED',
]);

/**
 * A learner in one revision of a course. Progress is two integer weights, moved by delta with the
 * events that they follow from; a percentage is computed on read and never stored.
 * `completed_revision` is the one that was completed: `revision` goes on when a later one keeps
 * completed learners. It points to the row that published the completion; that foreign key is
 * deferred, and made in a migration.
 *
 * `activity_slot` is the quarter of an hour of `last_activity_at`, and what the index by activity
 * has in its place. So an event that completes nothing changes no indexed column until the quarter
 * is over: the new version of the row stays on its page and no index is written (a heap-only
 * tuple).
 */
export const enrollments = education.table(
  'enrollments',
  {
    userId: uuid('user_id').notNull(),
    courseId: uuid('course_id').notNull(),
    /** The revision of the course that the learner follows. */
    revision: integer('revision').notNull(),
    status: enrollmentStatus('status').notNull().default('ACTIVE'),
    doneWeight: integer('done_weight').notNull().default(0),
    totalWeight: integer('total_weight').notNull(),
    enrolledAt: instant('enrolled_at').notNull().defaultNow(),
    lastActivityAt: instant('last_activity_at').notNull().defaultNow(),
    activitySlot: instant('activity_slot').notNull().generatedAlwaysAs(
      // From 2000-01-01 UTC on, which a literal would print in the time zone of whoever reads the
      // catalog.
      sql`date_bin('15 minutes', last_activity_at, to_timestamp(946684800))`,
    ),
    completedAt: instant('completed_at'),
    /** The revision that was completed, when a later one let completed learners be. */
    completedRevision: integer('completed_revision'),
    droppedAt: instant('dropped_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ name: 'enrollments_pkey', columns: [table.userId, table.courseId] }),
    foreignKey({
      name: 'enrollments_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'enrollments_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'enrollments_course_id_revision_fkey',
      columns: [table.courseId, table.revision],
      foreignColumns: [courseRevisions.courseId, courseRevisions.revision],
    }).onDelete('restrict'),
    index('enrollments_course_activity_idx').on(table.courseId, table.activitySlot),
    index('enrollments_course_progress_idx').on(
      table.courseId,
      sql`(done_weight::bigint * 10000 / total_weight)`,
      table.userId,
    ),
    index('enrollments_course_revision_idx').on(table.courseId, table.revision, table.userId),
    check('enrollments_total_weight_positive_check', sql`total_weight > 0`),
    check('enrollments_done_weight_range_check', sql`done_weight between 0 and total_weight`),
    check(
      'enrollments_completed_has_time_check',
      sql`(status = 'COMPLETED') = (completed_at is not null)`,
    ),
    check(
      'enrollments_completed_has_revision_check',
      sql`(status = 'COMPLETED') = (completed_revision is not null)`,
    ),
    check(
      'enrollments_completed_has_whole_weight_check',
      sql`completed_revision < revision or status <> 'COMPLETED' or done_weight = total_weight`,
    ),
    check(
      'enrollments_active_has_weight_left_check',
      sql`status <> 'ACTIVE' or done_weight < total_weight`,
    ),
    check('enrollments_completed_revision_check', sql`completed_revision <= revision`),
    check(
      'enrollments_dropped_has_time_check',
      sql`(status = 'DROPPED') = (dropped_at is not null)`,
    ),
    check('enrollments_completed_after_enrolled_check', sql`completed_at >= enrolled_at`),
    check('enrollments_dropped_after_enrolled_check', sql`dropped_at >= enrolled_at`),
    check('enrollments_activity_after_enrolled_check', sql`last_activity_at >= enrolled_at`),
    instantsCheck('enrollments', table),
  ],
);

export type Enrollment = typeof enrollments.$inferSelect;
export type NewEnrollment = typeof enrollments.$inferInsert;
