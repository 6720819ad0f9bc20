import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { instant, instantsCheck, textLimits } from '../columns.ts';
import { education } from '../schemas.ts';
import { courseModules } from './course-modules.ts';
import { enrollments } from './enrollments.ts';

/**
 * What a learner's events in one module come to, in whatever order they arrived: the highest
 * percentage, the earliest completion, and the position of the last event that had one.
 */
export const moduleProgress = education.table(
  'module_progress',
  {
    userId: uuid('user_id').notNull(),
    courseId: uuid('course_id').notNull(),
    moduleId: uuid('module_id').notNull(),
    /** The highest that was seen. */
    percent: smallint('percent').notNull().default(0),
    /** Where the learner was last, as the client told it. */
    position: text('position'),
    positionAt: instant('position_at'),
    positionEventId: uuid('position_event_id'),
    startedAt: instant('started_at').notNull(),
    lastActivityAt: instant('last_activity_at').notNull(),
    completedAt: instant('completed_at'),
  },
  (table) => [
    primaryKey({
      name: 'module_progress_pkey',
      columns: [table.userId, table.courseId, table.moduleId],
    }),
    foreignKey({
      name: 'module_progress_user_id_course_id_fkey',
      columns: [table.userId, table.courseId],
      foreignColumns: [enrollments.userId, enrollments.courseId],
    }).onDelete('cascade'),
    foreignKey({
      name: 'module_progress_course_id_module_id_fkey',
      columns: [table.courseId, table.moduleId],
      foreignColumns: [courseModules.courseId, courseModules.id],
    }).onDelete('restrict'),
    // For the foreign key to modules. The user at its end makes it as good as the primary key for a
    // look-up by the whole key: without, the planner took it for that all the same and read every
    // learner of the module (a batch of 1,000 events at 20,000 enrollments: 590 to 1,580 ms before,
    // 130 to 210 ms after).
    index('module_progress_module_idx').on(table.courseId, table.moduleId, table.userId),
    check('module_progress_percent_range_check', sql`percent between 0 and 100`),
    check('module_progress_completed_is_whole_check', sql`completed_at is null or percent = 100`),
    check('module_progress_completed_after_started_check', sql`completed_at >= started_at`),
    check('module_progress_activity_after_started_check', sql`last_activity_at >= started_at`),
    check(
      'module_progress_position_has_time_check',
      sql`(position is null) = (position_at is null)`,
    ),
    check(
      'module_progress_position_has_event_check',
      sql`(position is null) = (position_event_id is null)`,
    ),
    ...textLimits('module_progress', { position: 1_000 }),
    instantsCheck('module_progress', table),
  ],
);

export type ModuleProgress = typeof moduleProgress.$inferSelect;
export type NewModuleProgress = typeof moduleProgress.$inferInsert;
