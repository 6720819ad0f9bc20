import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, FIRST_PAGE, timestampText, toPage } from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import {
  type ApplicationRow,
  type ApplicationStatus,
  applicationColumns,
  applicationStatusField,
} from './application-row.ts';

const cursors = defineCursor('job_applications', z.tuple([timestampText, uuid]));

const input = z.strictObject({
  jobId: uuid,
  status: applicationStatusField.optional(),
  limit: limit(),
  cursor: cursors.field,
});

const selectApplications = statement<ApplicationRow & { appliedText: string }>(
  'list_job_applications',
  `select ${applicationColumns}, applied_at::text as "appliedText"
  from marketplace.job_applications
  where job_id = $1
  and ($2::marketplace.application_status is null or status = $2)
  and (applied_at, user_id) < ($3::timestamptz, $4::uuid)
  order by applied_at desc, user_id desc
  limit $5`,
);

/**
 * The applications to a job, the latest first, then the greater user id, by `job_applications_by_job_idx`.
 *
 * @throws InvalidInputError
 */
export async function listJobApplications(
  db: Db,
  params: {
    jobId: string;
    status?: ApplicationStatus | undefined;
    limit?: number | undefined;
    cursor?: string | undefined;
  },
): Promise<{ items: ApplicationRow[]; nextCursor: string | null }> {
  const given = parseInput(input, params);
  const [afterApplied, afterKey] = given.cursor ?? FIRST_PAGE;
  const rows = await selectApplications(db, [
    given.jobId,
    given.status ?? null,
    afterApplied,
    afterKey,
    given.limit + 1,
  ]);
  const { items, nextCursor } = toPage(rows, given.limit, (last) =>
    cursors.encode([last.appliedText, last.userId]),
  );
  return { items: items.map(({ appliedText: _, ...application }) => application), nextCursor };
}
