import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  foreignKey,
  integer,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, textLimits, updatedAt } from '../columns.ts';
import { education } from '../schemas.ts';
import { courses } from './courses.ts';

/**
 * The parts of a course as its author edits them, in order. `weight` is a module's share of the
 * course's progress; an optional module has none. Learners follow a published revision, a copy.
 * A module that was published keeps its row for good, without a position once it is removed. The
 * unique position is deferrable, so that modules can swap places; course-modules.sql makes it.
 */
export const courseModules = education.table(
  'course_modules',
  {
    courseId: uuid('course_id').notNull(),
    id: id(),
    position: integer('position'),
    title: text('title').notNull(),
    content: text('content').notNull(),
    weight: integer('weight').notNull().default(1),
    isOptional: boolean('is_optional').notNull().default(false),
    /** How many of its prerequisites unlock it; null: all of them. */
    prerequisitesNeeded: smallint('prerequisites_needed'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    removedAt: instant('removed_at'),
  },
  (table) => [
    primaryKey({ name: 'course_modules_pkey', columns: [table.courseId, table.id] }),
    foreignKey({
      name: 'course_modules_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('cascade'),
    check('course_modules_position_not_negative_check', sql`position >= 0`),
    check('course_modules_title_length_check', sql`char_length(title) between 1 and 200`),
    check('course_modules_weight_range_check', sql`weight between 1 and 10000`),
    check('course_modules_prerequisites_needed_check', sql`prerequisites_needed > 0`),
    check(
      'course_modules_removed_has_no_position_check',
      sql`(removed_at is null) = (position is not null)`,
    ),
    ...textLimits('course_modules', { content: 1_000_000 }),
    instantsCheck('course_modules', table),
  ],
);

export type CourseModule = typeof courseModules.$inferSelect;
export type NewCourseModule = typeof courseModules.$inferInsert;
