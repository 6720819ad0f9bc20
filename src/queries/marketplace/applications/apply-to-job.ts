import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { instant, parseInput, text, uuid } from '../../../input/validate.ts';
import { type ApplicationRow, applicationColumns } from './application-row.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    jobId: uuid,
    coverLetter: text({ min: 0, max: 20_000 }).nullable().default(null),
    resume: text({ min: 0, max: 20_000 }).nullable().default(null),
    appliedAt: instant.optional(),
  });

// The clock, not the transaction's start: the job may have been posted since.
const insertedApplication = statement<
  ApplicationRow,
  [
    userId: string,
    jobId: string,
    coverLetter: string | null,
    resume: string | null,
    appliedAt: Date | null,
  ]
>(
  'inserted_application',
  `insert into marketplace.job_applications (
     user_id, job_id, cover_letter, resume, match_score, applied_at, status_changed_at,
     status_changed_by
   )
   select $1, $2, $3, $4, marketplace.score_match($1, $2), a.applied_at, a.applied_at, $1
   from (select coalesce($5::timestamptz, clock_timestamp())) a (applied_at)
   returning ${applicationColumns.list}`,
);

/**
 * Applies to a job, once, and stores the match score of this moment. The job cannot close before
 * this is committed. `appliedAt` is for applications that arrive late; the job has to be open now
 * as well as then.
 *
 * @throws AlreadyExistsError for a second application.
 * @throws JobNotOpenError for a job that is not active, expired or deleted.
 * @throws NotFoundError for an unknown job, and for a user who is unknown or deleted.
 * @throws InvalidInputError, also for a time before the job was posted.
 */
export async function applyToJob(
  db: Db,
  params: {
    /** The user who applies: a UUID. */
    userId: string;
    /** The job: a UUID. */
    jobId: string;
    /** Up to 20,000 characters; may be empty. Default: null, for none. */
    coverLetter?: string | null | undefined;
    /** Up to 20,000 characters; may be empty. Default: null, for none. */
    resume?: string | null | undefined;
    /** When, not before the job was posted, and up to the year 9999. Default: the server's time. */
    appliedAt?: Date | undefined;
  },
): Promise<ApplicationRow> {
  const given = parseInput(input, params);
  const rows = await insertedApplication(db, [
    given.userId,
    given.jobId,
    given.coverLetter,
    given.resume,
    given.appliedAt ?? null,
  ]);
  return only(rows);
}
