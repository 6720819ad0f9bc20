import { z } from 'zod';
import { currencyCode, instant, instantUntil, text, uuid } from '../../../input/validate.ts';
import { MAX_MINOR_UNITS } from '../../../money.ts';

/** In minor units. */
export const salaryField = z.bigint().min(0n).max(MAX_MINOR_UNITS);

/** What describes a job, as a caller gives it. */
export interface JobDetails {
  title: string;
  description: string;
  company: string;
  /** Needed unless the job is remote. */
  location?: string | null | undefined;
  /** By default false. */
  remote?: boolean | undefined;
  /** Yearly, in minor units of `currency`. */
  salaryMin?: bigint | null | undefined;
  salaryMax?: bigint | null | undefined;
  currency?: string | null | undefined;
  requirements?: string | null | undefined;
  expiresAt?: Date | null | undefined;
  postedBy?: string | null | undefined;
}

export const jobDetailFields = {
  title: text({ max: 200 }),
  description: text({ min: 0, max: 20_000 }),
  company: text({ max: 200 }),
  location: text({ max: 200 }).nullable(),
  remote: z.boolean(),
  salaryMin: salaryField.nullable(),
  salaryMax: salaryField.nullable(),
  currency: currencyCode.nullable(),
  requirements: text({ min: 0, max: 20_000 }).nullable(),
  expiresAt: instant.nullable(),
  postedBy: uuid.nullable(),
};

/** Matching keeps the minute, counted from 1970 in 4 bytes: they last until the year 6053. */
export const postedAtField = instantUntil(
  Date.parse('5999-12-31T23:59:59.999Z'),
  'must not be after the year 5999',
);
