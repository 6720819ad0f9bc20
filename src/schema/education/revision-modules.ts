import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { textLimits } from '../columns.ts';
import { education } from '../schemas.ts';
import { courseModules } from './course-modules.ts';
import { courseRevisions } from './courses.ts';

/** A module as a revision published it. Its id is the same in every revision. */
export const revisionModules = education.table(
  'revision_modules',
  {
    courseId: uuid('course_id').notNull(),
    revision: integer('revision').notNull(),
    moduleId: uuid('module_id').notNull(),
    position: integer('position').notNull(),
    title: text('title').notNull(),
    content: text('content').notNull(),
    weight: integer('weight').notNull(),
    isOptional: boolean('is_optional').notNull(),
    /** How many completed prerequisites unlock it; 0: it is never locked. */
    prerequisitesNeeded: smallint('prerequisites_needed').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'revision_modules_pkey',
      columns: [table.courseId, table.revision, table.moduleId],
    }),
    unique('revision_modules_course_id_revision_position_key').on(
      table.courseId,
      table.revision,
      table.position,
    ),
    foreignKey({
      name: 'revision_modules_course_id_revision_fkey',
      columns: [table.courseId, table.revision],
      foreignColumns: [courseRevisions.courseId, courseRevisions.revision],
    }).onDelete('cascade'),
    foreignKey({
      name: 'revision_modules_course_id_module_id_fkey',
      columns: [table.courseId, table.moduleId],
      foreignColumns: [courseModules.courseId, courseModules.id],
    }),
    index('revision_modules_module_idx').on(table.courseId, table.moduleId),
    check('revision_modules_weight_positive_check', sql`weight > 0`),
    check('revision_modules_prerequisites_needed_check', sql`prerequisites_needed >= 0`),
    ...textLimits('revision_modules', { title: 200, content: 1_000_000 }),
  ],
);

export type RevisionModule = typeof revisionModules.$inferSelect;
export type NewRevisionModule = typeof revisionModules.$inferInsert;
