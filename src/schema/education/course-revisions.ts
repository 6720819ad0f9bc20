import { sql } from 'drizzle-orm';
import { check, foreignKey, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { instant } from '../columns.ts';
import { education } from '../schemas.ts';
import { courses } from './courses.ts';

/**
 * What a new revision does with those who are in the course: PIN leaves them where they are, KEEP
 * moves them and leaves the completed ones completed, STRICT moves them and asks for every module.
 */
export const revisionPolicy = education.enum('revision_policy', ['PIN', 'KEEP', 'STRICT']);

/**
 * A course as it was published: the seal of a revision, which never changes. Its counts and its
 * weight are what its modules and prerequisites must add up to, so that none can be added later.
 */
export const courseRevisions = education.table(
  'course_revisions',
  {
    courseId: uuid('course_id').notNull(),
    revision: integer('revision').notNull(),
    policy: revisionPolicy('policy').notNull(),
    totalWeight: integer('total_weight').notNull(),
    moduleCount: integer('module_count').notNull(),
    prerequisiteCount: integer('prerequisite_count').notNull(),
    publishedAt: instant('published_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'course_revisions_pkey', columns: [table.courseId, table.revision] }),
    foreignKey({
      name: 'course_revisions_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('restrict'),
    check('course_revisions_revision_positive_check', sql`revision > 0`),
    check('course_revisions_total_weight_positive_check', sql`total_weight > 0`),
    check('course_revisions_module_count_positive_check', sql`module_count > 0`),
    check('course_revisions_prerequisite_count_check', sql`prerequisite_count >= 0`),
  ],
);

export type CourseRevision = typeof courseRevisions.$inferSelect;
export type NewCourseRevision = typeof courseRevisions.$inferInsert;
