import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import { type ApplicationRow, applicationColumns } from './application-row.ts';
import { changeApplication } from './change-application.ts';

const input = () => z.strictObject({ userId: uuid, jobId: uuid });

// A second withdrawal keeps the time of the first.
const withdrawnApplication = statement<ApplicationRow, [userId: string, jobId: string]>(
  'withdrawn_application',
  `update marketplace.job_applications
   set withdrawn_at = coalesce(withdrawn_at, greatest(clock_timestamp(), applied_at)),
     status_changed_at = case
       when withdrawn_at is not null then status_changed_at
       else greatest(clock_timestamp(), status_changed_at + interval '1 microsecond')
     end,
     status_changed_by = case when withdrawn_at is null then user_id else status_changed_by end
   where user_id = $1
     and job_id = $2
   returning ${applicationColumns.list}`,
);

/**
 * Takes the user's application back; its status stays what it was, and nothing moves it any more.
 *
 * @throws NotFoundError when the user did not apply to the job.
 * @throws WrongStateError when it was accepted or rejected before.
 * @throws InvalidInputError
 */
export async function withdrawApplication(
  db: Db,
  params: {
    /** The user who applied: a UUID. */
    userId: string;
    /** The job: a UUID. */
    jobId: string;
  },
): Promise<ApplicationRow> {
  const { userId, jobId } = parseInput(input, params);
  return changeApplication(db, { userId, jobId }, 'neither ACCEPTED nor REJECTED', (on) =>
    withdrawnApplication(on, [userId, jobId]),
  );
}
