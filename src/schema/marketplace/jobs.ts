import { sql } from 'drizzle-orm';
import { boolean, check, foreignKey, index, text, uuid } from 'drizzle-orm/pg-core';
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
import { marketplace } from '../schemas.ts';
import { JOB_WORDS } from './job-words.ts';

export const jobStatus = marketplace.enum('job_status', ['ACTIVE', 'FILLED', 'CLOSED', 'EXPIRED']);

/** An open position. Salaries are yearly, in minor units of `currency`. */
export const jobs = marketplace.table(
  'jobs',
  {
    id: id().primaryKey(),
    postedBy: uuid('posted_by'),
    title: text('title').notNull(),
    description: text('description').notNull(),
    company: text('company').notNull(),
    location: text('location'),
    remote: boolean('remote').notNull().default(false),
    /** Yearly, in minor units of `currency`, as `salaryMax`. */
    salaryMin: minorUnits('salary_min'),
    salaryMax: minorUnits('salary_max'),
    currency: text('currency'),
    requirements: text('requirements'),
    status: jobStatus('status').notNull().default('ACTIVE'),
    postedAt: instant('posted_at').notNull().defaultNow(),
    expiresAt: instant('expires_at'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    foreignKey({
      name: 'jobs_posted_by_fkey',
      columns: [table.postedBy],
      foreignColumns: [users.id],
    }).onDelete('set null'),
    foreignKey({
      name: 'jobs_currency_fkey',
      columns: [table.currency],
      foreignColumns: [currencies.code],
    }).onDelete('restrict'),
    index('jobs_posted_by_idx').on(table.postedBy),
    index('jobs_currency_idx').on(table.currency),
    index('jobs_active_posted_idx')
      .on(table.postedAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`status = 'ACTIVE' and deleted_at is null`),
    index('jobs_search_idx').using('gin', sql.raw(JOB_WORDS)),
    index('jobs_expiring_idx').on(table.expiresAt).where(sql`status = 'ACTIVE'`),
    check('jobs_title_length_check', sql`char_length(title) between 1 and 200`),
    check('jobs_company_length_check', sql`char_length(company) between 1 and 200`),
    check('jobs_place_check', sql`remote or location is not null`),
    check('jobs_salary_min_not_negative_check', sql`salary_min >= 0`),
    check('jobs_salary_range_check', sql`salary_max >= salary_min`),
    check(
      'jobs_salary_has_currency_check',
      sql`coalesce(salary_min, salary_max) is null or currency is not null`,
    ),
    check('jobs_expires_after_posted_check', sql`expires_at > posted_at`),
    check('jobs_deleted_after_created_check', sql`deleted_at >= created_at`),
    ...textLimits('jobs', { description: 20_000, location: 200, requirements: 20_000 }),
    instantsCheck('jobs', table),
  ],
);

export type Job = typeof jobs.$inferSelect;
export type NewJob = typeof jobs.$inferInsert;
