import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { education } from '../schemas.ts';
import { courses } from './courses.ts';
import { learningPaths } from './learning-paths.ts';

/**
 * A course's place in a learning path. The unique position is deferrable: learning-path-courses.sql
 * makes it.
 */
export const learningPathCourses = education.table(
  'learning_path_courses',
  {
    learningPathId: uuid('learning_path_id').notNull(),
    courseId: uuid('course_id').notNull(),
    position: integer('position').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'learning_path_courses_pkey',
      columns: [table.learningPathId, table.courseId],
    }),
    foreignKey({
      name: 'learning_path_courses_learning_path_id_fkey',
      columns: [table.learningPathId],
      foreignColumns: [learningPaths.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'learning_path_courses_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('restrict'),
    index('learning_path_courses_course_id_idx').on(table.courseId),
    check('learning_path_courses_position_not_negative_check', sql`position >= 0`),
  ],
);

export type LearningPathCourse = typeof learningPathCourses.$inferSelect;
export type NewLearningPathCourse = typeof learningPathCourses.$inferInsert;
