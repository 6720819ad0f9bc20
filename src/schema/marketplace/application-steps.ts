import { sql } from 'drizzle-orm';
import { boolean, check, foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { instant, instantsCheck } from '../columns.ts';
import { users } from '../identity/users.ts';
import { marketplace } from '../schemas.ts';
import { applicationStatus, jobApplications } from './job-applications.ts';

/**
 * What an application went through: its status from `changedAt` on, and who moved it there.
 * Append-only.
 */
export const applicationSteps = marketplace.table(
  'application_steps',
  {
    userId: uuid('user_id').notNull(),
    jobId: uuid('job_id').notNull(),
    position: integer('position').notNull(),
    status: applicationStatus('status').notNull(),
    withdrawn: boolean('withdrawn').notNull().default(false),
    changedBy: uuid('changed_by'),
    changedAt: instant('changed_at').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'application_steps_pkey',
      columns: [table.userId, table.jobId, table.position],
    }),
    foreignKey({
      name: 'application_steps_user_id_job_id_fkey',
      columns: [table.userId, table.jobId],
      foreignColumns: [jobApplications.userId, jobApplications.jobId],
    }).onDelete('cascade'),
    foreignKey({
      name: 'application_steps_changed_by_fkey',
      columns: [table.changedBy],
      foreignColumns: [users.id],
    }).onDelete('set null'),
    index('application_steps_changed_by_idx').on(table.changedBy),
    check('application_steps_position_positive_check', sql`position > 0`),
    instantsCheck('application_steps', table),
  ],
);

export type ApplicationStep = typeof applicationSteps.$inferSelect;
export type NewApplicationStep = typeof applicationSteps.$inferInsert;
