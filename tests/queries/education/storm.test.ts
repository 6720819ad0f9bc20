import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connect, type Database } from '../../../src/connect.ts';
import { ConnectionLostError } from '../../../src/errors.ts';
import {
  getCourseStats,
  moveEnrollments,
  type ProgressEvent,
  publishCourse,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../src/queries/education/index.ts';
import { startKilling } from '../../setup/kill-connections.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { enrolledLearner, eventsOf, openCourse, poolOf, type TestCourse } from './fixture.ts';

const CONNECTIONS = 32;
const LEARNERS = 60;
const COURSES = 3;
const MODULES = [{ weight: 1 }, { weight: 2 }, { weight: 3 }, { weight: 4, optional: true }];
const KINDS = ['started', 'progressed', 'completed', 'completed'] as const;

describe('a storm of 32 connections with killed backends and replayed batches', () => {
  const database = useTestDatabase();

  it('loses nothing, counts nothing twice, and publishes each completion once', async () => {
    const courses: TestCourse[] = [];
    for (let count = 0; count < COURSES; count += 1) {
      courses.push(await openCourse(database.db, MODULES));
    }
    const { events, learners } = await makeEvents(database.db, courses);
    const storm = await connect({ url: database.url, max: CONNECTIONS, applicationName: 'storm' });
    // Every event is sent twice, in batches that mix learners and courses, in no order.
    const queue = cut(shuffle([...events, ...events]));
    const totals = { applied: 0, lost: 0 };

    const worker = async () => {
      for (let batch = queue.pop(); batch !== undefined; batch = queue.pop()) {
        const result = await sendUntilDone(storm, batch, totals);
        expect(result.rejected).toEqual([]);
        expect(result.applied + result.duplicates).toBe(batch.length);
        totals.applied += result.applied;
      }
    };
    // Meanwhile one course changes under its learners.
    const reviser = async () => {
      const { courseId, moduleIds } = courses[0] as TestCourse;
      const kept = moduleIds
        .slice(0, 3)
        .map((id) => ({ id, title: 'kept', content: '', weight: 5 }));
      await reviseCourse(database.db, { courseId, modules: kept });
      await publishCourse(database.db, { courseId, policy: 'KEEP' });
      for (let moved = 1; moved > 0; ) {
        moved = (await moveEnrollments(database.db, { courseId, revision: 2, limit: 7 })).length;
      }
    };
    const killer = await startKilling({
      url: database.url,
      applicationName: 'storm',
      most: 300,
      everyMs: 5,
    });
    try {
      await Promise.all([reviser(), ...Array.from({ length: CONNECTIONS }, worker)]);
    } finally {
      await killer.stop();
    }

    // Without losses the storm would have proved less than it says.
    expect(totals.lost).toBeGreaterThan(20);
    const replay = await recordProgress(storm, { events });
    await storm.close();
    expect(replay).toEqual({ applied: 0, duplicates: events.length, rejected: [] });
    const { rows } = await poolOf(database.db).query(
      'select count(*)::integer as count from education.progress_events',
    );
    expect(rows).toEqual([{ count: events.length }]);
    expect(await verifyProgress(database.db)).toEqual({ clean: true, differences: [] });
    await expectCompletions(database.db, courses, learners, events);
  }, 180_000);
});

async function makeEvents(db: Database, courses: TestCourse[]) {
  const learners: string[] = [];
  const events: ProgressEvent[] = [];
  for (let count = 0; count < LEARNERS; count += 1) {
    const userId = await enrolledLearner(db, (courses[0] as TestCourse).courseId);
    learners.push(userId);
    for (const [index, course] of courses.entries()) {
      if (index > 0) {
        await poolOf(db).query(`select education.enroll($1, $2, '2026-01-05 08:00:00+00')`, [
          userId,
          course.courseId,
        ]);
      }
      const event = eventsOf(userId, course);
      // Every third learner leaves the last required module undone.
      const last = count % 3 === 0 ? 2 : MODULES.length;
      for (let module = 0; module < last; module += 1) {
        events.push(
          ...KINDS.map((kind, step) =>
            event(kind, module, 1 + module + step / 8, { position: kind }),
          ),
        );
      }
    }
  }
  return { learners, events };
}

async function sendUntilDone(
  db: Database,
  events: ProgressEvent[],
  totals: { lost: number },
): Promise<Awaited<ReturnType<typeof recordProgress>>> {
  for (;;) {
    try {
      return await recordProgress(db, { events });
    } catch (error) {
      // Nothing else may happen: no deadlock, no constraint.
      if (!(error instanceof ConnectionLostError)) throw error;
      totals.lost += 1;
    }
  }
}

async function expectCompletions(
  db: Database,
  courses: TestCourse[],
  learners: string[],
  events: ProgressEvent[],
) {
  const finishers = learners.filter((_, index) => index % 3 !== 0);
  expect(events.length).toBeGreaterThan(1_000);
  for (const { courseId } of courses) {
    const { rows } = await poolOf(db).query(
      `select data ->> 'userId' as user_id from platform.events
       where type = 'course.completed' and data ->> 'courseId' = $1`,
      [courseId],
    );
    expect(rows.map((row) => row.user_id).sort()).toEqual([...finishers].sort());
    expect(await getCourseStats(db, { courseId })).toMatchObject({
      enrolled: LEARNERS,
      completed: finishers.length,
      active: LEARNERS - finishers.length,
    });
  }
}

function shuffle<T>(items: T[]): T[] {
  const [shuffled] = fc.sample(
    fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length }),
    { numRuns: 1, seed: 4 },
  );
  return shuffled as T[];
}

function cut<T>(items: T[]): T[][] {
  const sizes = [1, 3, 10, 40];
  const batches: T[][] = [];
  for (let from = 0; from < items.length; ) {
    const size = sizes[batches.length % sizes.length] as number;
    batches.push(items.slice(from, from + size));
    from += size;
  }
  return batches;
}
