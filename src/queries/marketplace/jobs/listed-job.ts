import { columns, type RowOf } from '../../../db/columns.ts';
import { jobs } from '../../../schema/marketplace/jobs.ts';

/** What lists show of a job, beside its id. */
export const listedJobColumns = columns(jobs, [
  'title',
  'company',
  'location',
  'remote',
  'salaryMin',
  'salaryMax',
  'currency',
  'postedAt',
  'expiresAt',
]);

/** A job in a list. Salaries are yearly, in minor units of `currency`. */
export type ListedJob = RowOf<typeof listedJobColumns> & {
  /** The job: a UUID. */
  jobId: string;
};
