import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { explain } from '../../../db/constraint-rules.ts';
import { ourDrizzle } from '../../../db/our-drizzle.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import { type Job, jobs } from '../../../schema/marketplace/jobs.ts';
import { type JobDetails, jobDetailFields } from './job-fields.ts';

const input = () =>
  z.strictObject({
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
 * @throws NotFoundError for an unknown `postedBy`, UnknownCurrencyError.
 * @throws InvalidInputError, also for a rule that holds between a change and what is there, such as
 * `jobs_salary_range_check`.
 */
export async function updateJob(
  db: Db,
  params: {
    /** The job: a UUID. */
    jobId: string;
    /** What changes, at least one field; null empties one that may be empty. */
    changes: Partial<JobDetails>;
  },
): Promise<Job> {
  const { jobId, changes } = parseInput(input, params);
  const changing = ourDrizzle(db)
    .update(jobs)
    .set(changes as Partial<typeof jobs.$inferInsert>)
    .where(and(eq(jobs.id, jobId), isNull(jobs.deletedAt)))
    .returning();
  const [job] = await changing.catch((error: unknown) => {
    throw explain(error, 'changes');
  });
  if (job === undefined) throw new NotFoundError('job', ['jobId']);
  return job;
}
