import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { instant, limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Verification } from '../../finding.ts';
import { learnerChecks } from './verify/checks.ts';
import type { ProgressFinding, ProgressFindingKind } from './verify/finding.ts';
import { selectStatisticsFindings } from './verify/statistics.ts';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const input = () =>
  z.strictObject({
    userId: uuid.optional(),
    courseId: uuid.optional(),
    limit: limit({ max: 10_000, fallback: 100 }),
    chunk: z.int().min(1).max(1_000_000).default(10_000),
    outboxKeptSince: instant.optional(),
  });

/** Whose progress is verified, and how much at a time. Default: everybody's. */
export interface VerifyProgressParams {
  /** Only this learner; the course counters are then left out. */
  userId?: string | undefined;
  /** Only this course; the streaks are then left out. */
  courseId?: string | undefined;
  /** Stops after so many findings, 1 to 10,000. Default 100. */
  limit?: number | undefined;
  /** How many learners a statement looks at, 1 to 1,000,000. Default 10,000. */
  chunk?: number | undefined;
  /**
   * A completion that was published since then must still have its event in the outbox. Default:
   * none has to, because an outbox is emptied.
   */
  outboxKeptSince?: Date | undefined;
}

const selectChunkEnd = statement<
  { lastId: string | null },
  [firstId: string, lastId: string, chunk: number]
>(
  'select_chunk_end',
  `select max(user_id::text collate "C")::uuid as "lastId"
   from (
     select id as user_id
     from identity.users
     where id >= $1
       and id <= $2
     order by id
     limit $3
   ) as learners`,
);

/**
 * Computes all progress again from the events and reports what differs, 100 findings by default and
 * 10,000 at most: modules, weights, status and time of completion, completions that were published
 * twice or under another id, streak days, and the counters of the courses. Keys are `userId`,
 * `courseId` and `moduleId`, as far as the kind has them.
 *
 * Writes nothing, takes no locks and can run beside traffic: each check is one statement over a
 * chunk of learners and sees one moment. Whether a completion was published at all can be told as
 * long as the outbox keeps its event: see `outboxKeptSince`.
 */
export async function verifyProgress(
  db: Db,
  params: VerifyProgressParams = {},
): Promise<Verification<ProgressFindingKind>> {
  const {
    userId,
    courseId = null,
    outboxKeptSince = null,
    chunk,
    ...most
  } = parseInput(input, params);
  const findings: ProgressFinding[] = [];
  const room = () => most.limit - findings.length;
  const last = userId ?? LAST_ID;

  let from = userId ?? FIRST_ID;
  while (room() > 0) {
    const { lastId: to } = only(await selectChunkEnd(db, [from, last, chunk]));
    if (to === null) break;
    for (const check of learnerChecks) {
      if (room() === 0) break;
      findings.push(...(await check(db, [from, to, courseId, room()], outboxKeptSince)));
    }
    if (to === last) break;
    from = nextId(to);
  }
  if (userId === undefined && room() > 0) {
    findings.push(...(await selectStatisticsFindings(db, [courseId, room()])));
  }
  return { clean: findings.length === 0, findings };
}

function nextId(id: string): string {
  const hex = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
