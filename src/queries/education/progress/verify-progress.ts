import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { type DifferenceRow, learnerChecks } from './verify/checks.ts';
import { statisticsCheck } from './verify/statistics.ts';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const input = z.strictObject({
  userId: v.uuid.optional(),
  courseId: v.uuid.optional(),
  limit: v.limit({ max: 10_000, fallback: 100 }),
  chunk: z.int().min(1).max(1_000_000).default(10_000),
  outboxKeptSince: v.instant.optional(),
});

export interface VerifyProgressParams {
  /** Only this learner; the course counters are then left out. */
  userId?: string | undefined;
  /** Only this course; the streaks are then left out. */
  courseId?: string | undefined;
  /** Stops after so many differences. Default 100. */
  limit?: number | undefined;
  /** How many learners a statement looks at. Default 10,000. */
  chunk?: number | undefined;
  /**
   * A completion that was published since then must still have its event in the outbox. Default: none has to,
   * because an outbox is emptied.
   */
  outboxKeptSince?: Date | undefined;
}

export interface ProgressDifference {
  /** What is wrong: a module's progress, an enrollment, a published completion, the streak days, a course's counters. */
  kind: 'module' | 'enrollment' | 'completion' | 'streak' | 'statistics';
  userId: string | null;
  courseId: string | null;
  moduleId: string | null;
  /** The column that differs. */
  field: string;
  expected: string | null;
  actual: string | null;
}

export interface ProgressVerification {
  /** Nothing differs. */
  clean: boolean;
  differences: ProgressDifference[];
}

const selectChunk = statement<{ last_id: string | null }>(
  'verify_chunk',
  `select max(user_id::text)::uuid as last_id
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
 * Computes all progress again from the events and reports what differs, 100 findings by default and 10,000 at most: modules, weights, status and time of
 * completion, completions that were published twice or under another id, streak days, and the counters of the courses.
 * Writes nothing, takes no locks and can run beside traffic: each check is one statement over a chunk of learners
 * and sees one moment. Whether a completion was published at all can be told as long as the outbox keeps its event:
 * see `outboxKeptSince`.
 */
export async function verifyProgress(
  db: Db,
  params: VerifyProgressParams = {},
): Promise<ProgressVerification> {
  const { userId, courseId = null, limit, chunk, outboxKeptSince } = parseInput(input, params);
  const differences: ProgressDifference[] = [];
  const room = () => limit - differences.length;
  const last = userId ?? LAST_ID;

  let from = userId ?? FIRST_ID;
  while (room() > 0) {
    const [row] = await selectChunk(db, [from, last, chunk]);
    const to = row?.last_id ?? null;
    if (to === null) break;
    for (const kind of ['module', 'enrollment', 'completion', 'streak'] as const) {
      if (room() === 0) break;
      const range = [from, to, courseId, room()];
      const rows = await learnerChecks[kind](
        db,
        kind === 'completion' ? [...range, outboxKeptSince ?? null] : range,
      );
      differences.push(...rows.map((found) => toDifference(kind, found)));
    }
    if (to === last) break;
    from = nextId(to);
  }
  if (userId === undefined && room() > 0) {
    const rows = await statisticsCheck(db, [courseId, room()]);
    differences.push(...rows.map((found) => toDifference('statistics', found)));
  }
  return { clean: differences.length === 0, differences };
}

function nextId(id: string): string {
  const hex = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function toDifference(kind: ProgressDifference['kind'], row: DifferenceRow): ProgressDifference {
  const {
    user_id: userId,
    course_id: courseId,
    module_id: moduleId,
    field,
    expected,
    actual,
  } = row;
  return { kind, userId, courseId, moduleId, field, expected, actual };
}
