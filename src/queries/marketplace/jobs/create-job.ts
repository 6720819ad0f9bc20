import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { only } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { parseInput } from '../../../input/validate.ts';
import { type Job, jobs } from '../../../schema/marketplace/jobs.ts';
import { type JobDetails, jobDetailFields, postedAtField } from './job-fields.ts';
import { insertJobSkills, type WantedSkill, wantedSkillsField } from './set-job-skills.ts';

/** A job to be posted. */
export interface CreateJobParams extends JobDetails {
  /** The skills that it asks for, at most 500, each once. Default: none. */
  skills?: WantedSkill[] | undefined;
  /** When it was posted, in the years 1 to 5999. By default now. */
  postedAt?: Date | undefined;
}

const input = () =>
  z.strictObject({
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

const insertedJob = prepared(
  'inserted_job',
  {
    title: jobs.title,
    description: jobs.description,
    company: jobs.company,
    location: jobs.location,
    remote: jobs.remote,
    salaryMin: jobs.salaryMin,
    salaryMax: jobs.salaryMax,
    currency: jobs.currency,
    requirements: jobs.requirements,
    expiresAt: jobs.expiresAt,
    postedBy: jobs.postedBy,
    // Another instant that may be null: then it is now.
    postedAt: jobs.expiresAt,
  },
  (query, { postedAt, ...details }) =>
    query
      .insert(jobs)
      .values({ ...details, postedAt: sql`coalesce(${postedAt}, now())` })
      .returning(),
);

/**
 * Posts a job together with its skills, in one transaction; it can be matched once that is
 * committed.
 *
 * @throws InvalidInputError, also for fields that do not fit together: a job is remote or has a
 * location.
 * @throws UnknownCurrencyError
 * @throws NotFoundError for an unknown skill or `postedBy`.
 */
export async function createJob(db: Db, params: CreateJobParams): Promise<Job> {
  const { skills, postedAt, ...details } = parseInput(input, params);
  return transaction(db, async (tx) => {
    const job = only(await insertedJob(tx, { ...details, postedAt: postedAt ?? null }));
    if (skills.length > 0) await insertJobSkills(tx, job.id, skills);
    return job;
  });
}
