import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dropEnrollment,
  enroll,
  type ProgressEvent,
  type RecordProgressResult,
  recordProgress,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  at,
  insertLearner,
  learnerState,
  openCourse,
  poolOf,
  START,
  type TestCourse,
} from '../fixture.ts';
import { fold, type Weights } from './fold.ts';

const MODULES = [{ weight: 1 }, { weight: 3 }, { weight: 2, optional: true }];
const [FIRST, SECOND, LEFT] = [0, 1, 2];
const KINDS = ['started', 'progressed', 'completed', 'completed', 'completed'] as const;
/** What the server takes for now: two of the times below are beyond it. */
const NOW = at(100 / 24);

/** An event without its learner. Few times and positions, so that events tie and only ids decide. */
const action = fc.record({
  eventId: fc.uuid({ version: 4 }),
  kind: fc.constantFrom(...KINDS),
  // Two courses that the learner is in, and one that they left.
  course: fc.constantFrom(FIRST, FIRST, FIRST, SECOND, SECOND, LEFT),
  module: fc.nat(MODULES.length - 1),
  // Whether the module is one of another course.
  isForeign: fc.integer({ min: 0, max: 11 }).map((roll) => roll === 0),
  // Around midnight in Johannesburg, over several days; before the enrollment, a moment after it, in the future.
  hours: fc.constantFrom(-1, 0, 1, 13, 15, 37, 61, 86, 109, 134),
  percent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  position: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
});

const actions = fc.uniqueArray(action, {
  minLength: 1,
  maxLength: 20,
  size: 'max',
  selector: (a) => a.eventId,
});

/** The same events shuffled, with repetitions, cut into batches. */
const deliveries = actions.chain((events) =>
  fc.record({
    events: fc.constant(events),
    order: fc.array(fc.nat(events.length - 1), { maxLength: 10 }).chain((again) => {
      const all = [...events.keys(), ...again].map((event, place) => ({ event, place }));
      return fc.shuffledSubarray(all, { minLength: all.length });
    }),
    sizes: fc.infiniteStream(fc.integer({ min: 1, max: 6 })),
    // After how many batches the clock has reached what was in the future.
    dawn: fc.nat(4),
  }),
);

type Action = (typeof actions extends fc.Arbitrary<infer T> ? T : never)[number];

describe('recordProgress', () => {
  const database = useTestDatabase();
  let courses: TestCourse[] = [];

  async function openCourses() {
    courses = [];
    for (let count = 0; count < 3; count += 1) courses.push(await openCourse(database.db, MODULES));
  }

  async function learner() {
    const userId = await insertLearner(database.db);
    await poolOf(database.db).query(
      `insert into identity.user_profiles (user_id, time_zone) values ($1, 'Africa/Johannesburg')`,
      [userId],
    );
    for (const { courseId } of courses) {
      await enroll(database.db, { userId, courseId, enrolledAt: START });
    }
    const left = courses[LEFT] as TestCourse;
    await dropEnrollment(database.db, { userId, courseId: left.courseId, droppedAt: START });
    return userId;
  }

  function eventsFor(userId: string, list: Action[]): ProgressEvent[] {
    return list.map(({ eventId, kind, course, module, isForeign, hours, percent, position }) => ({
      eventId,
      userId,
      courseId: courses[course]?.courseId as string,
      moduleId: courses[isForeign ? (course + 1) % 3 : course]?.moduleIds[module] as string,
      kind,
      occurredAt: at(hours / 24),
      position,
      percent: kind === 'completed' ? undefined : percent,
    }));
  }

  /** Why an event must be rejected at some time, if it must. */
  function reasonFor({ course, isForeign, hours }: Action, now: Date) {
    if (isForeign) return 'UNKNOWN_MODULE';
    if (course === LEFT) return 'DROPPED';
    if (hours < 0) return 'BEFORE_ENROLLMENT';
    return at(hours / 24) > now ? 'IN_FUTURE' : null;
  }

  const send = (events: ProgressEvent[], now: Date): Promise<RecordProgressResult> =>
    recordProgress(database.db, { events, now, toleranceSeconds: 60 });

  it('comes to the same state after any permutation with any repetitions in any batches', async () => {
    await openCourses();
    let completed = 0;
    const reasons = new Set<string | null>();
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ events, order, sizes, dawn }) => {
        const [straight, scrambled] = [await learner(), await learner()];
        await send(eventsFor(straight, events), at(9));

        const sent = eventsFor(scrambled, events);
        const queue = order.map(({ event }) => event);
        for (let batch = 0; queue.length > 0; batch += 1) {
          const now = batch < dawn ? NOW : at(9);
          const places = queue.splice(0, sizes.next().value as number);
          const result = await send(
            places.map((place) => sent[place] as ProgressEvent),
            now,
          );
          const expected = places.map((place) => reasonFor(events[place] as Action, now));
          expect(result.rejected.map(({ index, reason }) => [index, reason])).toEqual(
            [...expected.entries()].filter(([, reason]) => reason !== null),
          );
          for (const reason of expected) reasons.add(reason);
        }
        // What was in the future is sent again, as a client would.
        await send(sent, at(9));

        const state = await learnerState(database.db, scrambled);
        expect(state).toEqual(await learnerState(database.db, straight));
        completed += (state as { completions: unknown[] }).completions.length;
      }),
      { numRuns: 100 },
    );

    // The property says nothing unless some of these learners completed a course, and every rejection occurred.
    expect(completed).toBeGreaterThan(10);
    expect(reasons).toEqual(
      new Set([null, 'UNKNOWN_MODULE', 'DROPPED', 'BEFORE_ENROLLMENT', 'IN_FUTURE']),
    );
    expect(await verifyProgress(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('agrees with a fold over the events in plain TypeScript', async () => {
    await openCourses();
    await fc.assert(
      fc.asyncProperty(actions, async (list) => {
        const userId = await learner();
        const events = eventsFor(
          userId,
          list.map((one) => ({ ...one, eventId: randomUUID() })),
        );
        await send(events, NOW);
        for (const [index, course] of courses.entries()) {
          const accepted = events.filter(
            (event, place) =>
              event.courseId === course.courseId && reasonFor(list[place] as Action, NOW) === null,
          );
          const weights: Weights = new Map(
            course.moduleIds.map((id, place) => [
              id,
              MODULES[place]?.optional ? 0 : (MODULES[place]?.weight as number),
            ]),
          );
          const expected = fold(accepted, weights, START);
          const status = index === LEFT ? 'DROPPED' : expected.enrollment.status;
          expect(await stored(userId, course)).toEqual({
            ...expected,
            enrollment: { ...expected.enrollment, status },
          });
        }
      }),
      { numRuns: 100 },
    );
  });

  async function stored(userId: string, { courseId }: TestCourse) {
    const enrollments = await poolOf(database.db).query(
      `select status, done_weight, last_activity_at, completed_at
       from education.enrollments where user_id = $1 and course_id = $2`,
      [userId, courseId],
    );
    const modules = await poolOf(database.db).query(
      `select module_id, percent, position, started_at, last_activity_at, completed_at
       from education.module_progress where user_id = $1 and course_id = $2 order by module_id`,
      [userId, courseId],
    );
    return { enrollment: enrollments.rows[0], modules: modules.rows };
  }
});
