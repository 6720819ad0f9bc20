import { and, eq, inArray, isNull, or } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import { type Job, jobs } from '../../../schema/marketplace/jobs.ts';

const input = () => z.strictObject({ jobId: uuid, filled: z.boolean().default(false) });

const closedJob = prepared(
  'closed_job',
  { id: jobs.id, status: jobs.status },
  (query, { id, status }) =>
    query
      .update(jobs)
      .set({ status })
      .where(
        and(
          eq(jobs.id, id),
          or(inArray(jobs.status, ['ACTIVE', 'EXPIRED']), eq(jobs.status, status)),
          isNull(jobs.deletedAt),
        ),
      )
      .returning(),
);

/**
 * Ends an active or expired job: it is FILLED or CLOSED from then on, is matched no more and takes
 * no applications. Closing a job again in the same way changes nothing.
 *
 * @throws NotFoundError for a job that is unknown, deleted, or ended in the other way.
 * @throws InvalidInputError
 */
export async function closeJob(
  db: Db,
  params: {
    /** The job: a UUID. */
    jobId: string;
    /** Whether somebody was found: FILLED if so, else CLOSED. Default false. */
    filled?: boolean | undefined;
  },
): Promise<Job> {
  const { jobId, filled } = parseInput(input, params);
  const [job] = await closedJob(db, { id: jobId, status: filled ? 'FILLED' : 'CLOSED' });
  if (job === undefined) throw new NotFoundError('open job', ['jobId']);
  return job;
}
