import { sql } from 'drizzle-orm';
import { boolean, customType, index, integer, text, uuid } from 'drizzle-orm/pg-core';
import { instant, instantsCheck, minorUnits } from '../columns.ts';
import { marketplace } from '../schemas.ts';

/** A signature of a job's skills: the function `marketplace.skill_bits` says what its bits mean. */
export const skillBits = customType<{ data: string }>({ dataType: () => 'bit(256)' });

/**
 * What matching needs to know of one job, in one row; one for each job. Triggers on jobs and
 * job_skills keep it, and nobody else writes it. `needs` has skill id * 8 + (level - 1) * 2 +
 * required, rarest skill first; it is empty for a job that is not active or asks for nothing.
 * `codes` has the same in ascending order, and beside a required skill's number also the one below,
 * so that each counts by its weight. There is no foreign key, because those triggers also remove
 * the postings.
 */
export const jobVectors = marketplace.table(
  'job_vectors',
  {
    jobId: uuid('job_id').primaryKey(),
    needs: integer('needs').array().notNull(),
    codes: integer('codes').array().notNull(),
    totalWeight: integer('total_weight').notNull(),
    skillBits: skillBits('skill_bits').notNull(),
    postedAt: instant('posted_at').notNull(),
    expiresAt: instant('expires_at'),
    remote: boolean('remote').notNull(),
    location: text('location'),
    currency: text('currency'),
    topSalary: minorUnits('top_salary'),
  },
  (table) => [
    index('job_vectors_remote_idx').on(table.remote).where(sql`total_weight > 0`),
    index('job_vectors_location_idx').on(table.location).where(sql`total_weight > 0`),
    index('job_vectors_salary_idx')
      .on(table.currency, table.topSalary)
      .where(sql`total_weight > 0`),
    instantsCheck('job_vectors', table),
  ],
);

export type JobVector = typeof jobVectors.$inferSelect;
