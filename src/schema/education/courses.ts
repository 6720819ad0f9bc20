import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  integer,
  type PgTableExtraConfigValue,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  createdAt,
  id,
  instant,
  instantsCheck,
  minorUnits,
  textLimits,
  updatedAt,
} from '../columns.ts';
import { currencies } from '../finance/currencies.ts';
import { users } from '../identity/users.ts';
import { education } from '../schemas.ts';

export const courseLevel = education.enum('course_level', [
  'BEGINNER',
  'INTERMEDIATE',
  'ADVANCED',
  'EXPERT',
]);
export const courseStatus = education.enum('course_status', ['DRAFT', 'PUBLISHED', 'ARCHIVED']);

/**
 * Courses as their authors edit them; `revision` is the published one that new learners follow.
 * A reference table on Citus.
 */
export const courses = education.table(
  'courses',
  {
    id: id().primaryKey(),
    instructorId: uuid('instructor_id').notNull(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    level: courseLevel('level').notNull().default('BEGINNER'),
    durationMinutes: integer('duration_minutes'),
    price: minorUnits('price').notNull().default(sql`0`),
    currency: text('currency').notNull().default('ZAR'),
    status: courseStatus('status').notNull().default('DRAFT'),
    revision: integer('revision'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    publishedAt: instant('published_at'),
    archivedAt: instant('archived_at'),
  },
  // The annotation ends a circle of types: a course names its revision, and a revision its course.
  (table): PgTableExtraConfigValue[] => [
    foreignKey({
      name: 'courses_instructor_id_fkey',
      columns: [table.instructorId],
      foreignColumns: [users.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'courses_currency_fkey',
      columns: [table.currency],
      foreignColumns: [currencies.code],
    }).onDelete('restrict'),
    foreignKey({
      name: 'courses_id_revision_fkey',
      columns: [table.id, table.revision],
      foreignColumns: [courseRevisions.courseId, courseRevisions.revision],
    }),
    index('courses_instructor_id_idx').on(table.instructorId, table.id),
    index('courses_currency_idx').on(table.currency),
    index('courses_published_idx')
      .on(table.publishedAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`status = 'PUBLISHED'`),
    check('courses_title_length_check', sql`char_length(title) between 1 and 200`),
    check('courses_duration_positive_check', sql`duration_minutes > 0`),
    check('courses_price_not_negative_check', sql`price >= 0`),
    check('courses_published_has_time_check', sql`status = 'DRAFT' or published_at is not null`),
    check('courses_published_has_revision_check', sql`status = 'DRAFT' or revision is not null`),
    check(
      'courses_archived_has_time_check',
      sql`(status = 'ARCHIVED') = (archived_at is not null)`,
    ),
    check('courses_archived_after_published_check', sql`archived_at >= published_at`),
    ...textLimits('courses', { description: 100_000 }),
    instantsCheck('courses', table),
  ],
);

export type Course = typeof courses.$inferSelect;
export type NewCourse = typeof courses.$inferInsert;

/**
 * What a new revision does with those who are in the course: PIN leaves them where they are, KEEP
 * moves them and leaves the completed ones completed, STRICT moves them and asks for every module.
 */
export const revisionPolicy = education.enum('revision_policy', ['PIN', 'KEEP', 'STRICT']);

/**
 * A course as it was published, in this file because the two tables name each other: the seal of a
 * revision, which never changes. Its counts and its weight are what its modules and prerequisites
 * must add up to, so that none can be added later.
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
    instantsCheck('course_revisions', table),
  ],
);

export type CourseRevision = typeof courseRevisions.$inferSelect;
export type NewCourseRevision = typeof courseRevisions.$inferInsert;
