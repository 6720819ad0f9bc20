import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, jsonLimits, updatedAt } from '../columns.ts';
import { users } from '../identity/users.ts';
import { education } from '../schemas.ts';
import { courses } from './courses.ts';

export const assessmentType = education.enum('assessment_type', [
  'QUIZ',
  'EXAM',
  'ASSIGNMENT',
  'PROJECT',
  'SKILL_TEST',
]);
export const assessmentStatus = education.enum('assessment_status', [
  'NOT_STARTED',
  'IN_PROGRESS',
  'SUBMITTED',
  'GRADED',
]);

/**
 * One user's sitting of a quiz, exam or project. Scores are whole points; `passPercent` of the most
 * passes.
 */
export const assessments = education.table(
  'assessments',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    courseId: uuid('course_id'),
    type: assessmentType('type').notNull(),
    title: text('title').notNull(),
    questions: jsonb('questions').$type<unknown[]>().notNull().default([]),
    answers: jsonb('answers').$type<unknown[]>(),
    score: integer('score'),
    maxScore: integer('max_score').notNull(),
    passPercent: smallint('pass_percent').notNull().default(50),
    status: assessmentStatus('status').notNull().default('NOT_STARTED'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    startedAt: instant('started_at'),
    submittedAt: instant('submitted_at'),
    completedAt: instant('completed_at'),
  },
  (table) => [
    primaryKey({ name: 'assessments_pkey', columns: [table.userId, table.id] }),
    foreignKey({
      name: 'assessments_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'assessments_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('restrict'),
    index('assessments_user_course_idx').on(table.userId, table.courseId, table.id),
    index('assessments_course_id_idx').on(table.courseId),
    check('assessments_title_length_check', sql`char_length(title) between 1 and 200`),
    check('assessments_questions_array_check', sql`jsonb_typeof(questions) = 'array'`),
    check('assessments_answers_array_check', sql`jsonb_typeof(answers) = 'array'`),
    check('assessments_max_score_positive_check', sql`max_score > 0`),
    check('assessments_pass_percent_range_check', sql`pass_percent between 1 and 100`),
    check('assessments_score_within_max_check', sql`score between 0 and max_score`),
    check('assessments_graded_has_score_check', sql`(status = 'GRADED') = (score is not null)`),
    check(
      'assessments_graded_has_time_check',
      sql`(status = 'GRADED') = (completed_at is not null)`,
    ),
    check(
      'assessments_started_has_time_check',
      sql`(status = 'NOT_STARTED') = (started_at is null)`,
    ),
    check(
      'assessments_submitted_has_time_check',
      sql`(status in ('SUBMITTED', 'GRADED')) = (submitted_at is not null)`,
    ),
    check(
      'assessments_submitted_has_answers_check',
      sql`submitted_at is null or answers is not null`,
    ),
    check('assessments_submitted_after_started_check', sql`submitted_at >= started_at`),
    check('assessments_completed_after_submitted_check', sql`completed_at >= submitted_at`),
    ...jsonLimits('assessments', { questions: 1_048_576, answers: 1_048_576 }),
    instantsCheck('assessments', table),
  ],
);

export type Assessment = typeof assessments.$inferSelect;
export type NewAssessment = typeof assessments.$inferInsert;
