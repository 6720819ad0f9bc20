import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import {
  type ApplicationRow,
  type ApplicationStatus,
  applicationColumns,
  applicationStatusField,
} from './application-row.ts';
import { changeApplication } from './change-application.ts';

const input = () =>
  z.strictObject({
    userId: uuid,
    jobId: uuid,
    status: applicationStatusField,
    changedBy: uuid,
  });

// The row keeps its time and author when the status stays, so that a repeated call leaves no trace.
// Who applied may have given a time that the server's clock has not reached.
const movedApplication = statement<
  ApplicationRow,
  [userId: string, jobId: string, status: ApplicationStatus, changedBy: string]
>(
  'moved_application',
  `update marketplace.job_applications
   set status = $3,
     status_changed_at = case
       when status = $3 then status_changed_at
       else greatest(clock_timestamp(), status_changed_at + interval '1 microsecond')
     end,
     status_changed_by = case when status = $3 then status_changed_by else $4 end
   where user_id = $1
     and job_id = $2
   returning ${applicationColumns.list}`,
);

/**
 * Moves an application forward to a status, and says who did. Steps may be left out, none can be
 * taken back, and nothing follows ACCEPTED, REJECTED or a withdrawal. `listApplicationSteps` has
 * every step.
 *
 * @throws NotFoundError when the user did not apply to the job.
 * @throws WrongStateError for a move that is not forward; `status` is WITHDRAWN after a withdrawal.
 * @throws NotFoundError for an unknown `changedBy`.
 * @throws InvalidInputError, also when applicants move their own otherwise than by answering an
 * offer.
 */
export async function moveApplication(
  db: Db,
  params: {
    /** The user who applied: a UUID. */
    userId: string;
    /** The job: a UUID. */
    jobId: string;
    /** The status that it gets, further on than the one that it has. */
    status: ApplicationStatus;
    /** The user who moves it: a UUID. */
    changedBy: string;
  },
): Promise<ApplicationRow> {
  const { userId, jobId, status, changedBy } = parseInput(input, params);
  return changeApplication(db, { userId, jobId }, `at a step before ${status}`, (on) =>
    movedApplication(on, [userId, jobId, status, changedBy]),
  );
}
