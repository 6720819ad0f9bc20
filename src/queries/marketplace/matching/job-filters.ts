import { z } from 'zod';
import { currencyCode, instant, text } from '../../../input/validate.ts';
import { salaryField } from '../jobs/job-fields.ts';

/** Which open jobs are looked at. */
export interface JobFilters {
  /** True: only remote jobs; false: only others. */
  remote?: boolean | undefined;
  /** The job's whole location, 1 to 200 characters, in any case of letters. */
  location?: string | undefined;
  /**
   * The least yearly pay that the job must go up to, in minor units of `currency`, from 0 to
   * 2^63 - 1.
   */
  minSalary?: bigint | undefined;
  /** Only jobs paid in the currency of this code; needed with `minSalary`. */
  currency?: string | undefined;
  /** Jobs that expire by then are left out. By default the time of the call. */
  now?: Date | undefined;
}

export const jobFilterFields = {
  remote: z.boolean().optional(),
  location: text({ max: 200 }).optional(),
  minSalary: salaryField.optional(),
  currency: currencyCode.optional(),
  now: instant.optional(),
};

/** For `refine`. */
export const hasCurrency = ({ minSalary, currency }: JobFilters) =>
  minSalary === undefined || currency !== undefined;
export const currencyMissing = { path: ['currency'], error: 'is required with minSalary' };
