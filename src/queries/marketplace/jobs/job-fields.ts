import { z } from 'zod';
import { currencyCode, instant, instantUntil, text, uuid } from '../../../input/validate.ts';
import { MAX_MINOR_UNITS } from '../../../money.ts';

/** In minor units. */
export const salaryField = z.bigint().min(0n).max(MAX_MINOR_UNITS);

/** What describes a job, as a caller gives it. */
export interface JobDetails {
  /** 1 to 200 characters. */
  title: string;
  /** Up to 20,000 characters; may be empty. */
  description: string;
  /** 1 to 200 characters. */
  company: string;
  /** 1 to 200 characters. Needed unless the job is remote. */
  location?: string | null | undefined;
  /** Whether it is done from anywhere. By default false. */
  remote?: boolean | undefined;
  /** Yearly, in minor units of `currency`, from 0 to 2^63 - 1; null for none. */
  salaryMin?: bigint | null | undefined;
  /**
   * Yearly, in minor units of `currency`, from 0 to 2^63 - 1 and not below `salaryMin`; null for
   * none.
   */
  salaryMax?: bigint | null | undefined;
  /** The code of the salaries' currency, such as `ZAR`; needed with a salary, else may be null. */
  currency?: string | null | undefined;
  /** Up to 20,000 characters; may be empty; null for none. */
  requirements?: string | null | undefined;
  /** When it ends by itself, after it was posted, up to the year 9999; null for never. */
  expiresAt?: Date | null | undefined;
  /** The user who posts it: a UUID; null for nobody. */
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
