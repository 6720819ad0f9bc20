import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { ourDrizzle } from '../../../db/our-drizzle.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import { type Job, jobs } from '../../../schema/marketplace/jobs.ts';
import { type JobDetails, jobDetailFields } from './job-fields.ts';

const input = z.strictObject({
  jobId: uuid,
  changes: z
    .strictObject(jobDetailFields)
    .partial()
    .refine((changes) => Object.values(changes).some((value) => value !== undefined), {
      error: 'must change something',
    }),
});

/**
 * Changes what describes a job; what is not named stays. Skills are changed by `setJobSkills`, the
 * status by `closeJob`.
 *
 * @throws NotFoundError for an unknown or deleted job.
 * @throws ConstraintError for a rule of the table, such as `jobs_salary_range_check`.
 * @throws InvalidInputError
 */
export async function updateJob(
  db: Db,
  params: { jobId: string; changes: Partial<JobDetails> },
): Promise<Job> {
  const { jobId, changes } = parseInput(input, params);
  const [job] = await ourDrizzle(db)
    .update(jobs)
    .set(changes as Partial<typeof jobs.$inferInsert>)
    .where(and(eq(jobs.id, jobId), isNull(jobs.deletedAt)))
    .returning();
  if (job === undefined) throw new NotFoundError('job', ['jobId']);
  return job;
}
