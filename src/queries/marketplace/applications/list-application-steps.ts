import { and, asc, eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { defineCursor, toPage } from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import {
  type ApplicationStep,
  applicationSteps,
} from '../../../schema/marketplace/application-steps.ts';
import type { Page, PageParams } from '../../page.ts';

const cursors = defineCursor('application_steps', z.int32().positive());

const input = () =>
  z.strictObject({
    userId: uuid,
    jobId: uuid,
    limit: limit(),
    cursor: cursors.field,
  });

const selectApplicationSteps = prepared(
  'select_application_steps',
  {
    userId: applicationSteps.userId,
    jobId: applicationSteps.jobId,
    after: applicationSteps.position,
    limit: 'count',
  },
  (query, { userId, jobId, after, limit }) =>
    query
      .select()
      .from(applicationSteps)
      .where(
        and(
          eq(applicationSteps.userId, userId),
          eq(applicationSteps.jobId, jobId),
          gt(applicationSteps.position, after),
        ),
      )
      .orderBy(asc(applicationSteps.position))
      .limit(limit),
);

/**
 * What an application went through, first step first: each status, since when, and by whom. At most
 * eight in all, so that they are on one page; none when the user did not apply. By
 * `application_steps_pkey`.
 *
 * @throws InvalidInputError
 */
export async function listApplicationSteps(
  db: Db,
  params: PageParams & {
    /** The user who applied: a UUID. */
    userId: string;
    /** The job: a UUID. */
    jobId: string;
  },
): Promise<Page<ApplicationStep>> {
  const { userId, jobId, ...page } = parseInput(input, params);
  const rows = await selectApplicationSteps(db, {
    userId,
    jobId,
    after: page.cursor ?? 0,
    limit: page.limit + 1,
  });
  return toPage(rows, page.limit, (last) => cursors.encode(last.position));
}
