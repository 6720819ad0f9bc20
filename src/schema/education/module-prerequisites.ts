import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { education } from '../schemas.ts';
import { courseModules } from './course-modules.ts';

/** A module that another module of the same course asks for, as the author edits it. */
export const modulePrerequisites = education.table(
  'module_prerequisites',
  {
    courseId: uuid('course_id').notNull(),
    moduleId: uuid('module_id').notNull(),
    prerequisiteId: uuid('prerequisite_id').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'module_prerequisites_pkey',
      columns: [table.courseId, table.moduleId, table.prerequisiteId],
    }),
    foreignKey({
      name: 'module_prerequisites_course_id_module_id_fkey',
      columns: [table.courseId, table.moduleId],
      foreignColumns: [courseModules.courseId, courseModules.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'module_prerequisites_course_id_prerequisite_id_fkey',
      columns: [table.courseId, table.prerequisiteId],
      foreignColumns: [courseModules.courseId, courseModules.id],
    }).onDelete('cascade'),
    index('module_prerequisites_prerequisite_idx').on(table.courseId, table.prerequisiteId),
    check('module_prerequisites_not_itself_check', sql`module_id <> prerequisite_id`),
  ],
);

export type ModulePrerequisite = typeof modulePrerequisites.$inferSelect;
export type NewModulePrerequisite = typeof modulePrerequisites.$inferInsert;
