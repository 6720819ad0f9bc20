import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { parseInput } from '../../../input/validate.ts';
import { type Job, jobs } from '../../../schema/marketplace/jobs.ts';
import { type JobDetails, jobDetailFields, postedAtField } from './job-fields.ts';
import { insertJobSkills, type WantedSkill, wantedSkillsField } from './set-job-skills.ts';

export interface CreateJobParams extends JobDetails {
  skills?: WantedSkill[] | undefined;
  /** By default now; not after the year 5999. */
  postedAt?: Date | undefined;
}

const input = z.strictObject({
  ...jobDetailFields,
  location: jobDetailFields.location.default(null),
  remote: z.boolean().default(false),
  salaryMin: jobDetailFields.salaryMin.default(null),
  salaryMax: jobDetailFields.salaryMax.default(null),
  currency: jobDetailFields.currency.default(null),
  requirements: jobDetailFields.requirements.default(null),
  expiresAt: jobDetailFields.expiresAt.default(null),
  postedBy: jobDetailFields.postedBy.default(null),
  postedAt: postedAtField.optional(),
  skills: wantedSkillsField.default([]),
});

/**
 * Posts a job together with its skills, in one transaction; it can be matched once that is committed.
 *
 * @throws ConstraintError for a rule of the table, such as `jobs_place_check` (a job is remote or somewhere),
 * `jobs_salary_range_check`, `jobs_currency_fkey`, or `job_skills_skill_id_fkey`.
 * @throws InvalidInputError
 */
export async function createJob(db: Db, params: CreateJobParams): Promise<Job> {
  const { skills, postedAt, ...details } = parseInput(input, params);
  return transaction(db, async (tx) => {
    const row = postedAt === undefined ? details : { ...details, postedAt };
    const job = only(await tx.insert(jobs).values(row).returning());
    if (skills.length > 0) await insertJobSkills(tx, job.id, skills);
    return job;
  });
}
