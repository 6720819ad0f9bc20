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

const cursors = defineCursor('user_applications', z.tuple([timestampText, uuid]));

const input = z.strictObject({
  userId: uuid,
  status: applicationStatusField.optional(),
  limit: limit(),
  cursor: cursors.field,
});

const selectApplications = statement<ApplicationRow & { appliedText: string }>(
  'list_user_applications',
  `select ${applicationColumns}, applied_at::text as "appliedText"
  from marketplace.job_applications
  where user_id = $1
  and ($2::marketplace.application_status is null or status = $2)
  and (applied_at, job_id) < ($3::timestamptz, $4::uuid)
  order by applied_at desc, job_id desc
  limit $5`,
);

/**
 * A user's applications, the latest first, then the greater job id, by `job_applications_by_user_idx`.
 *
 * @throws InvalidInputError
 */
export async function listUserApplications(
  db: Db,
  params: {
    userId: string;
    status?: ApplicationStatus | undefined;
    limit?: number | undefined;
    cursor?: string | undefined;
  },
): Promise<{ items: ApplicationRow[]; nextCursor: string | null }> {
  const given = parseInput(input, params);
  const [afterApplied, afterKey] = given.cursor ?? FIRST_PAGE;
  const rows = await selectApplications(db, [
    given.userId,
    given.status ?? null,
    afterApplied,
    afterKey,
    given.limit + 1,
  ]);
  const { items, nextCursor } = toPage(rows, given.limit, (last) =>
    cursors.encode([last.appliedText, last.jobId]),
  );
  return { items: items.map(({ appliedText: _, ...application }) => application), nextCursor };
}
