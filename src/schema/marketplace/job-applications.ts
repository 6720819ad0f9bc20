import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instant, instantsCheck, textLimits, updatedAt } from '../columns.ts';
import { users } from '../identity/users.ts';
import { marketplace } from '../schemas.ts';
import { jobs } from './jobs.ts';

export const applicationStatus = marketplace.enum('application_status', [
  'PENDING',
  'REVIEWING',
  'SHORTLISTED',
  'INTERVIEWED',
  'OFFERED',
  'ACCEPTED',
  'REJECTED',
]);

/**
 * A user's application to a job, at most one each, with the match score of that moment. Triggers
 * let the status move only forward, with time and author, and write every step into
 * application_steps.
 */
export const jobApplications = marketplace.table(
  'job_applications',
  {
    userId: uuid('user_id').notNull(),
    jobId: uuid('job_id').notNull(),
    status: applicationStatus('status').notNull().default('PENDING'),
    coverLetter: text('cover_letter'),
    resume: text('resume'),
    /** The match score when the user applied, in basis points. */
    matchScore: smallint('match_score'),
    appliedAt: instant('applied_at').notNull().defaultNow(),
    statusChangedAt: instant('status_changed_at').notNull().defaultNow(),
    statusChangedBy: uuid('status_changed_by'),
    withdrawnAt: instant('withdrawn_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ name: 'job_applications_pkey', columns: [table.userId, table.jobId] }),
    foreignKey({
      name: 'job_applications_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'job_applications_job_id_fkey',
      columns: [table.jobId],
      foreignColumns: [jobs.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'job_applications_status_changed_by_fkey',
      columns: [table.statusChangedBy],
      foreignColumns: [users.id],
    }).onDelete('set null'),
    index('job_applications_status_changed_by_idx').on(table.statusChangedBy),
    index('job_applications_by_user_idx').on(table.userId, table.appliedAt, table.jobId),
    index('job_applications_by_job_idx').on(table.jobId, table.appliedAt, table.userId),
    check(
      'job_applications_status_changed_after_applied_check',
      sql`status_changed_at >= applied_at`,
    ),
    check('job_applications_withdrawn_after_applied_check', sql`withdrawn_at >= applied_at`),
    check('job_applications_match_score_range_check', sql`match_score between 0 and 10000`),
    ...textLimits('job_applications', { cover_letter: 20_000, resume: 20_000 }),
    instantsCheck('job_applications', table),
  ],
);

export type JobApplication = typeof jobApplications.$inferSelect;
export type NewJobApplication = typeof jobApplications.$inferInsert;
