import { z } from 'zod';
import { type Db, isInTransaction } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { ConstraintError } from '../../../errors.ts';
import { instant, parseInput, text, uuid } from '../../../input/validate.ts';
import { progressEventKind } from '../../../schema/education/progress-events.ts';

const progressEvent = z
  .strictObject({
    eventId: uuid,
    userId: uuid,
    courseId: uuid,
    moduleId: uuid,
    kind: z.enum(progressEventKind.enumValues),
    percent: z.int().min(0).max(100).optional(),
    position: text({ min: 0, max: 1_000 }).optional(),
    occurredAt: instant,
  })
  .refine((event) => event.kind !== 'completed' || (event.percent ?? 100) === 100, {
    path: ['percent'],
    error: 'must be 100 or left out when the module is completed',
  });

const input = () =>
  z.strictObject({
    events: z.array(progressEvent).max(10_000),
    now: instant.optional(),
    toleranceSeconds: z.int().min(0).max(86_400).default(300),
  });

/**
 * What a learner did in a module. The client makes the id, a UUID, and sends it again when in
 * doubt.
 */
export interface ProgressEvent {
  /** The event's own id, a UUID that the client makes, once for each user. */
  eventId: string;
  /** The learner: a UUID. */
  userId: string;
  /** The course: a UUID. */
  courseId: string;
  /** The module, a UUID, of any revision that was published. */
  moduleId: string;
  /** What the learner did; `completed` stands for 100 percent. */
  kind: (typeof progressEventKind.enumValues)[number];
  /**
   * A whole number from 0 to 100. Completing is a kind of its own: 100 percent alone completes
   * nothing.
   */
  percent?: number | undefined;
  /** Where to resume: up to 1,000 characters that the client understands. */
  position?: string | undefined;
  /** When it happened by the client's clock, in the years 1 to 9999. */
  occurredAt: Date;
}

/** A batch of events. */
export interface RecordProgressParams {
  /** In any order, at most 10,000. */
  events: ProgressEvent[];
  /** The instant that events are compared with. Default: the server's clock. */
  now?: Date | undefined;
  /**
   * How many seconds, 0 to 86,400, the clock of a client may be off: ahead of `now`, or behind the
   * enrollment. Default 300.
   */
  toleranceSeconds?: number | undefined;
}

/**
 * CONFLICT: another event of this user has the id. REFUSED: what is stored of this learner breaks a
 * rule of the database with the event, as after a repair by hand: see `verifyProgress`.
 * UNKNOWN_MODULE: the course never published such a module. BEFORE_ENROLLMENT, IN_FUTURE: when it
 * occurred, with the tolerance. Sent again later,
 * an event that was IN_FUTURE, NOT_ENROLLED, DROPPED or of an UNKNOWN_MODULE or UNKNOWN_USER may
 * apply; the other two never will.
 */
export type RejectionReason =
  | 'CONFLICT'
  | 'UNKNOWN_USER'
  | 'NOT_ENROLLED'
  | 'UNKNOWN_MODULE'
  | 'DROPPED'
  | 'BEFORE_ENROLLMENT'
  | 'IN_FUTURE'
  | 'REFUSED';

/** An event that was not stored. */
export interface RejectedEvent {
  /** Its place in `events`, from 0. */
  index: number;
  /** The event's own id. */
  eventId: string;
  /** The learner whose event it is. */
  userId: string;
  /** Why it does not apply. */
  reason: RejectionReason;
}

/** What became of a batch of events. */
export interface RecordProgressResult {
  /** How many events were new. */
  applied: number;
  /** How many events were known already, with the same content. */
  duplicates: number;
  /** In the order of `events`. Every other event is safely stored, and the client can forget it. */
  rejected: RejectedEvent[];
}

interface RecordedRow {
  applied: number;
  duplicates: number;
  rejectedIndexes: number[];
  rejectedReasons: RejectionReason[];
}

const recordedProgress = statement<
  RecordedRow,
  [
    userIds: string[],
    eventIds: string[],
    courseIds: string[],
    moduleIds: string[],
    kinds: ProgressEvent['kind'][],
    percents: (number | null)[],
    positions: (string | null)[],
    times: string[],
    now: Date | null,
    toleranceSeconds: number,
  ]
>(
  'recorded_progress',
  `select applied, duplicates,
     rejected_indexes as "rejectedIndexes",
     rejected_reasons as "rejectedReasons"
   from education.record_progress(
     user_ids => $1,
     event_ids => $2,
     course_ids => $3,
     module_ids => $4,
     kinds => $5,
     percents => $6,
     positions => $7,
     times => $8,
     latest => coalesce($9::timestamptz, clock_timestamp()) + make_interval(secs => $10),
     tolerance => make_interval(secs => $10)
   )`,
);

/**
 * Applies a batch of events, each exactly once, in one round trip. The result does not depend on
 * the order in which events arrive, on repetitions, or on how they are cut into batches: a module
 * keeps its highest percentage, its earliest completion and the position of the last event by time
 * and id.
 *
 * An event that cannot apply is rejected by itself and the others apply. Where the database refuses
 * a learner's events, all of that learner in the batch are, and the batch goes in several
 * transactions; in a caller's own transaction that is an error. The enrollment's weights,
 * its completion and the published `course.completed` change in the same transaction. Locked
 * modules are no reason to reject: the event that unlocks one may still be on its way.
 *
 * Locks the enrollments of the batch in key order, then the modules that learners begin, also in
 * key order, so callers neither lose an update nor deadlock, with each other or with an author. In
 * a caller's own transaction that calls it twice, or with an enrollment being deleted, they may
 * deadlock; above READ COMMITTED they may conflict. `transaction()` runs both again.
 *
 * @throws InvalidInputError when an event is malformed, before anything is written.
 */
export async function recordProgress(
  db: Db,
  params: RecordProgressParams,
): Promise<RecordProgressResult> {
  const { events, now, toleranceSeconds } = parseInput(input, params);
  return recordApart(db, events, (some) => record(db, some, now, toleranceSeconds));
}

/**
 * All events at once, or, when the database refuses them for one learner, in halves until that one
 * is found: nobody's events fail because of somebody else's. In a caller's transaction, which is
 * over then, the refusal is the caller's.
 */
async function recordApart(
  db: Db,
  events: ProgressEvent[],
  recordAll: (events: ProgressEvent[]) => Promise<RecordProgressResult>,
): Promise<RecordProgressResult> {
  if (events.length === 0) return { applied: 0, duplicates: 0, rejected: [] };
  try {
    return await recordAll(events);
  } catch (error) {
    if (!(error instanceof ConstraintError) || isInTransaction(db)) throw error;
  }
  const learners = [...new Set(events.map(({ userId }) => userId))];
  if (learners.length === 1) {
    const rejected = events.map(({ eventId, userId }, index) => ({
      index,
      eventId,
      userId,
      reason: 'REFUSED' as const,
    }));
    return { applied: 0, duplicates: 0, rejected };
  }
  const first = new Set(learners.slice(0, learners.length / 2));
  const [mine, others] = [true, false].map((isFirst) =>
    [...events.keys()].filter((at) => first.has(events[at]?.userId ?? '') === isFirst),
  ) as [number[], number[]];
  const results: RecordProgressResult[] = [];
  for (const places of [mine, others]) {
    const some = places.map((at) => events[at] as ProgressEvent);
    const { rejected, ...counts } = await recordApart(db, some, recordAll);
    const back = rejected.map((event) => ({ ...event, index: places[event.index] as number }));
    results.push({ ...counts, rejected: back });
  }
  return {
    applied: results.reduce((sum, { applied }) => sum + applied, 0),
    duplicates: results.reduce((sum, { duplicates }) => sum + duplicates, 0),
    rejected: results.flatMap(({ rejected }) => rejected).sort((a, b) => a.index - b.index),
  };
}

async function record(
  db: Db,
  events: ProgressEvent[],
  now: Date | undefined,
  toleranceSeconds: number,
): Promise<RecordProgressResult> {
  const rows = await recordedProgress(db, [
    events.map((event) => event.userId),
    events.map((event) => event.eventId),
    events.map((event) => event.courseId),
    events.map((event) => event.moduleId),
    events.map((event) => event.kind),
    events.map((event) => (event.kind === 'completed' ? 100 : (event.percent ?? null))),
    events.map((event) => event.position ?? null),
    events.map((event) => event.occurredAt.toISOString()),
    now ?? null,
    toleranceSeconds,
  ]);
  const { applied, duplicates, rejectedIndexes, rejectedReasons } = only(rows);
  const rejected = rejectedIndexes.map((index, place) => {
    const { eventId, userId } = events[index] as ProgressEvent;
    return { index, eventId, userId, reason: rejectedReasons[place] as RejectionReason };
  });
  return { applied, duplicates, rejected };
}
