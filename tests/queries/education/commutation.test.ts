import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  enroll,
  type ProgressEvent,
  recordProgress,
  verifyProgress,
} from '../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { eventsOf, insertLearner, learnerState, openCourse, poolOf, START } from './fixture.ts';

const MODULES = [{ weight: 1 }, { weight: 3 }, { weight: 2, optional: true }];

/** An event without its learner. Few times and positions, so that events tie and only ids decide. */
const action = fc.record({
  eventId: fc.uuid({ version: 4 }),
  kind: fc.constantFrom('started' as const, 'progressed' as const, 'completed' as const),
  module: fc.nat(MODULES.length - 1),
  // Around midnight in Johannesburg, over several days.
  hours: fc.constantFrom(1, 13, 15, 37, 61, 86, 109, 134),
  percent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  position: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
});

const actions = fc.uniqueArray(action, { minLength: 1, maxLength: 14, selector: (a) => a.eventId });

/** The same events shuffled, with repetitions, cut into batches. */
const deliveries = actions.chain((events) =>
  fc.record({
    events: fc.constant(events),
    order: fc.array(fc.nat(events.length - 1), { maxLength: 10 }).chain((again) => {
      const all = [...events.keys(), ...again];
      return fc.shuffledSubarray(
        all.map((event, place) => ({ event, place })),
        {
          minLength: all.length,
        },
      );
    }),
    sizes: fc.infiniteStream(fc.integer({ min: 1, max: 6 })),
  }),
);

describe('recordProgress', () => {
  const database = useTestDatabase();

  it('comes to the same state after any permutation with any repetitions in any batches', async () => {
    const course = await openCourse(database.db, MODULES);
    const learner = async () => {
      const userId = await insertLearner(database.db);
      await poolOf(database.db).query(
        `insert into identity.user_profiles (user_id, time_zone) values ($1, 'Africa/Johannesburg')`,
        [userId],
      );
      await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
      return userId;
    };
    let completed = 0;

    await fc.assert(
      fc.asyncProperty(deliveries, async ({ events, order, sizes }) => {
        const [straight, scrambled] = [await learner(), await learner()];
        const make = (userId: string) => {
          const event = eventsOf(userId, course);
          return events.map(({ eventId, kind, module, hours, percent, position }) =>
            event(kind, module, hours / 24, {
              eventId,
              position,
              percent: kind === 'completed' ? undefined : percent,
            }),
          );
        };

        await recordProgress(database.db, { events: make(straight) });
        const sent = make(scrambled);
        const queue = order.map(({ event }) => sent[event] as ProgressEvent);
        let applied = 0;
        while (queue.length > 0) {
          const size = sizes.next().value as number;
          const batch = queue.splice(0, size);
          const result = await recordProgress(database.db, { events: batch });
          expect(result.applied + result.duplicates).toBe(batch.length);
          applied += result.applied;
        }

        expect(applied).toBe(events.length);
        const state = await learnerState(database.db, scrambled);
        expect(state).toEqual(await learnerState(database.db, straight));
        completed += (state as { completions: unknown[] }).completions.length;
      }),
      { numRuns: 150 },
    );

    // The property says nothing unless some of these learners completed the course.
    expect(completed).toBeGreaterThan(10);
    expect(await verifyProgress(database.db)).toEqual({ clean: true, differences: [] });
  });

  it('agrees with a fold over the events in plain TypeScript', async () => {
    const course = await openCourse(database.db, MODULES);
    await fc.assert(
      fc.asyncProperty(actions, async (events) => {
        const userId = await insertLearner(database.db);
        await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
        const event = eventsOf(userId, course);
        const sent = events.map(({ kind, module, hours, percent }) =>
          event(kind, module, hours / 24, {
            eventId: randomUUID(),
            percent: kind === 'completed' ? undefined : percent,
          }),
        );
        await recordProgress(database.db, { events: sent });

        const firstCompletions = course.moduleIds.map((moduleId) => {
          const times = sent
            .filter((one) => one.moduleId === moduleId && one.kind === 'completed')
            .map((one) => one.occurredAt.getTime());
          return times.length === 0 ? null : Math.min(...times);
        });
        const done = MODULES.map(({ weight, optional }, index) =>
          optional || firstCompletions[index] === null ? 0 : weight,
        ).reduce((sum, weight) => sum + weight, 0);
        const completedAt =
          done === 4 ? Math.max(...firstCompletions.slice(0, 2).map((time) => time ?? 0)) : null;

        const { rows } = await poolOf(database.db).query(
          'select done_weight, completed_at from education.enrollments where user_id = $1',
          [userId],
        );
        const expected = { done_weight: done, completed_at: completedAt && new Date(completedAt) };
        expect(rows).toEqual([expected]);
      }),
      { numRuns: 100 },
    );
  });
});
