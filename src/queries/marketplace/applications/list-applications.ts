import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { type Statement, statement } from '../../../db/statement.ts';
import {
  type CursorCodec,
  defineCursor,
  FIRST_PAGE,
  timestampText,
  toPage,
} from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Page, PageParams } from '../../page.ts';
import {
  type ApplicationRow,
  type ApplicationStatus,
  applicationColumns,
  applicationStatusField,
} from './application-row.ts';

interface ListParams extends PageParams {
  /** Only applications of this status. Default: all. */
  status?: ApplicationStatus | undefined;
}

type Row = ApplicationRow & { appliedText: string };
type Values = [
  ownerId: string,
  status: ApplicationStatus | null,
  appliedBefore: string,
  otherIdBefore: string,
  limit: number,
];

const selectJobApplications = statement<Row, Values>(
  'select_job_applications',
  listText('job_id', 'user_id'),
);

const selectUserApplications = statement<Row, Values>(
  'select_user_applications',
  listText('user_id', 'job_id'),
);

const position = z.tuple([timestampText, uuid]);
const jobCursors = defineCursor('job_applications', position);
const userCursors = defineCursor('user_applications', position);

const fields = { status: applicationStatusField.optional(), limit: limit() };
const jobInput = z.strictObject({ jobId: uuid, ...fields, cursor: jobCursors.field });
const userInput = z.strictObject({ userId: uuid, ...fields, cursor: userCursors.field });

/**
 * The applications to a job, the latest first, then the greater user id, by
 * `job_applications_by_job_idx`.
 *
 * @throws InvalidInputError
 */
export async function listJobApplications(
  db: Db,
  params: ListParams & {
    /** The job: a UUID. */
    jobId: string;
  },
): Promise<Page<ApplicationRow>> {
  const { jobId, ...page } = parseInput(jobInput, params);
  const list = { select: selectJobApplications, cursors: jobCursors, otherId: 'userId' } as const;
  return readPage(db, list, jobId, page);
}

/**
 * A user's applications, the latest first, then the greater job id, by
 * `job_applications_by_user_idx`.
 *
 * @throws InvalidInputError
 */
export async function listUserApplications(
  db: Db,
  params: ListParams & {
    /** The user who applied: a UUID. */
    userId: string;
  },
): Promise<Page<ApplicationRow>> {
  const { userId, ...page } = parseInput(userInput, params);
  const list = { select: selectUserApplications, cursors: userCursors, otherId: 'jobId' } as const;
  return readPage(db, list, userId, page);
}

/** What an application belongs to is given; the other id tells those of the same instant apart. */
function listText(ownerId: string, otherId: string): string {
  return `select ${applicationColumns.list}, applied_at::text as "appliedText"
   from marketplace.job_applications
   where ${ownerId} = $1
     and ($2::marketplace.application_status is null or status = $2)
     and (applied_at, ${otherId}) < ($3::timestamptz, $4::uuid)
   order by applied_at desc, ${otherId} desc
   limit $5`;
}

interface List {
  select: Statement<Row, Values>;
  cursors: CursorCodec<z.output<typeof position>>;
  otherId: 'jobId' | 'userId';
}

async function readPage(
  db: Db,
  { select, cursors, otherId }: List,
  ownerId: string,
  page: Omit<z.output<typeof jobInput>, 'jobId'>,
): Promise<Page<ApplicationRow>> {
  const [appliedBefore, otherIdBefore] = page.cursor ?? FIRST_PAGE;
  const status = page.status ?? null;
  const rows = await select(db, [ownerId, status, appliedBefore, otherIdBefore, page.limit + 1]);
  const { items, nextCursor } = toPage(rows, page.limit, (last) =>
    cursors.encode([last.appliedText, last[otherId]]),
  );
  return { items: items.map(({ appliedText: _, ...application }) => application), nextCursor };
}
