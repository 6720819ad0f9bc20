import { foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { education } from '../schemas.ts';
import { revisionModules } from './revision-modules.ts';

/** A prerequisite as a revision published it; together they have no cycle. */
export const revisionPrerequisites = education.table(
  'revision_prerequisites',
  {
    courseId: uuid('course_id').notNull(),
    revision: integer('revision').notNull(),
    moduleId: uuid('module_id').notNull(),
    prerequisiteId: uuid('prerequisite_id').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'revision_prerequisites_pkey',
      columns: [table.courseId, table.revision, table.moduleId, table.prerequisiteId],
    }),
    foreignKey({
      name: 'revision_prerequisites_module_fkey',
      columns: [table.courseId, table.revision, table.moduleId],
      foreignColumns: [
        revisionModules.courseId,
        revisionModules.revision,
        revisionModules.moduleId,
      ],
    }).onDelete('cascade'),
    foreignKey({
      name: 'revision_prerequisites_prerequisite_fkey',
      columns: [table.courseId, table.revision, table.prerequisiteId],
      foreignColumns: [
        revisionModules.courseId,
        revisionModules.revision,
        revisionModules.moduleId,
      ],
    }).onDelete('cascade'),
    index('revision_prerequisites_prerequisite_idx').on(
      table.courseId,
      table.revision,
      table.prerequisiteId,
    ),
  ],
);

export type RevisionPrerequisite = typeof revisionPrerequisites.$inferSelect;
export type NewRevisionPrerequisite = typeof revisionPrerequisites.$inferInsert;
