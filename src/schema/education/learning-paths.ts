import { sql } from 'drizzle-orm';
import { check, integer, text } from 'drizzle-orm/pg-core';
import { createdAt, id, instantsCheck, textLimits, updatedAt } from '../columns.ts';
import { education } from '../schemas.ts';
import { courseLevel } from './courses.ts';

/** An ordered set of courses that leads to a set of skills. */
export const learningPaths = education.table(
  'learning_paths',
  {
    id: id().primaryKey(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    difficulty: courseLevel('difficulty').notNull(),
    durationHours: integer('duration_hours').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    check('learning_paths_title_length_check', sql`char_length(title) between 1 and 200`),
    check('learning_paths_duration_positive_check', sql`duration_hours > 0`),
    ...textLimits('learning_paths', { description: 100_000 }),
    instantsCheck('learning_paths', table),
  ],
);

export type LearningPath = typeof learningPaths.$inferSelect;
export type NewLearningPath = typeof learningPaths.$inferInsert;
