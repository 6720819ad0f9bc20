import { describe, expect, it } from 'vitest';
import {
  getProgress,
  getStreak,
  moveEnrollments,
  publishCourse,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { runFromBefore } from '../../../setup/run-from-before.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { at, enrolledLearner, eventsOf, openCourse, poolOf } from '../fixture.ts';

const database = useTestDatabase();
const CLEAN = { clean: true, findings: [] };

// All on one day: the days of the learner would be a conflict as well.
const [EARLIER, SECOND, LATER] = [0.1, 0.2, 0.3] as const;

/** A learner who completed the first of two modules LATER, and in truth EARLIER. */
async function halfway() {
  const course = await openCourse(database.db);
  const userId = await enrolledLearner(database.db, course.courseId);
  const event = eventsOf(userId, course);
  await recordProgress(database.db, { events: [event('completed', 0, LATER)] });
  const tellEarlier = () =>
    recordProgress(database.db, { events: [event('completed', 0, EARLIER)] });
  return { ...course, userId, event, tellEarlier };
}

describe('from a snapshot that misses an earlier completion of a module', () => {
  it('recordProgress does not complete the course at the later time', async () => {
    const { courseId, userId, event, tellEarlier } = await halfway();
    const attempts = await runFromBefore(database.db, tellEarlier, (tx) =>
      recordProgress(tx, { events: [event('completed', 1, SECOND)] }),
    );
    expect(attempts).toBe(2);
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      completedAt: at(SECOND),
    });
    expect(await verifyProgress(database.db, { userId })).toEqual(CLEAN);
  });

  it('moveEnrollments does not complete the course at the later time', async () => {
    const { courseId, moduleIds, userId, tellEarlier } = await halfway();
    const modules = [{ id: moduleIds[0] as string, title: 'M0', content: '' }];
    await reviseCourse(database.db, { courseId, modules });
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const attempts = await runFromBefore(database.db, tellEarlier, (tx) =>
      moveEnrollments(tx, { courseId, revision: 2 }),
    );
    expect(attempts).toBe(2);
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      completedAt: at(EARLIER),
    });
    expect(await verifyProgress(database.db, { userId })).toEqual(CLEAN);
  });
});

it('recordProgress loses no day to a change of the time zone that its snapshot misses', async () => {
  const course = await openCourse(database.db);
  const userId = await enrolledLearner(database.db, course.courseId);
  const started = (time: string) =>
    eventsOf(userId, course)('started', 0, 0, { occurredAt: new Date(time) });
  await recordProgress(database.db, { events: [started('2026-02-01T10:00:00Z')] });
  // The same day in UTC, the next one in Tokyo.
  const late = { events: [started('2026-02-01T20:00:00Z')] };
  const attempts = await runFromBefore(
    database.db,
    () =>
      poolOf(database.db).query(
        `insert into identity.user_profiles (user_id, time_zone) values ($1, 'Asia/Tokyo')`,
        [userId],
      ),
    (tx) => recordProgress(tx, late),
  );
  expect(attempts).toBe(2);
  expect(await getStreak(database.db, { userId })).toMatchObject({
    longestDays: 2,
    lastActiveOn: '2026-02-02',
  });
  expect(await verifyProgress(database.db, { userId })).toEqual(CLEAN);
});
