import { sql } from 'drizzle-orm';
import { check, foreignKey, integer, primaryKey, unique, uuid } from 'drizzle-orm/pg-core';
import { instant, instantsCheck } from '../columns.ts';
import { education } from '../schemas.ts';
import { enrollments } from './enrollments.ts';

/**
 * A learner's completion of a revision, and the outbox event that told of it: the key is why no
 * completion is published twice. The event's id is not a foreign key, since an outbox is emptied.
 */
export const courseCompletions = education.table(
  'course_completions',
  {
    userId: uuid('user_id').notNull(),
    courseId: uuid('course_id').notNull(),
    revision: integer('revision').notNull(),
    eventId: uuid('event_id').notNull().default(sql`uuidv7()`),
    publishedAt: instant('published_at').notNull().default(sql`clock_timestamp()`),
  },
  (table) => [
    primaryKey({
      name: 'course_completions_pkey',
      columns: [table.userId, table.courseId, table.revision],
    }),
    unique('course_completions_user_id_event_id_key').on(table.userId, table.eventId),
    foreignKey({
      name: 'course_completions_user_id_course_id_fkey',
      columns: [table.userId, table.courseId],
      foreignColumns: [enrollments.userId, enrollments.courseId],
    }).onDelete('cascade'),
    check('course_completions_revision_positive_check', sql`revision > 0`),
    instantsCheck('course_completions', table),
  ],
);

export type CourseCompletion = typeof courseCompletions.$inferSelect;
export type NewCourseCompletion = typeof courseCompletions.$inferInsert;
