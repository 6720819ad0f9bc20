import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  enroll,
  getStreak,
  recordProgress,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  DAY,
  enrolledLearner,
  eventsOf,
  insertLearner,
  openCourse,
  poolOf,
  START,
} from '../fixture.ts';

describe('getStreak', () => {
  const database = useTestDatabase();

  async function learner(timeZone?: string, enrolledAt = START) {
    const course = await openCourse(database.db);
    const userId = await insertLearner(database.db);
    if (timeZone !== undefined) await setTimeZone(userId, timeZone);
    await enroll(database.db, { userId, courseId: course.courseId, enrolledAt });
    const event = eventsOf(userId, course);
    const record = (...times: string[]) =>
      recordProgress(database.db, {
        events: times.map((time) => event('started', 0, 0, { occurredAt: new Date(time) })),
      });
    return { userId, record };
  }

  async function setTimeZone(userId: string, timeZone: string) {
    await poolOf(database.db).query(
      `insert into identity.user_profiles (user_id, time_zone) values ($1, $2)
       on conflict (user_id) do update set time_zone = excluded.time_zone`,
      [userId, timeZone],
    );
  }

  it('counts days in a row, and joins two streaks when a late day fills the gap', async () => {
    const { userId, record } = await learner();
    const now = new Date('2026-02-05T12:00:00Z');
    await record(
      '2026-02-01T10:00:00Z',
      '2026-02-02T10:00:00Z',
      '2026-02-04T10:00:00Z',
      '2026-02-05T10:00:00Z',
    );
    expect(await getStreak(database.db, { userId, now })).toEqual({
      userId,
      currentDays: 2,
      longestDays: 2,
      lastActiveOn: '2026-02-05',
      timeZone: 'UTC',
    });
    await record('2026-02-03T23:59:59Z');
    expect(await getStreak(database.db, { userId, now })).toMatchObject({
      currentDays: 5,
      longestDays: 5,
    });
  });

  it('goes on until a whole day was missed', async () => {
    const { userId, record } = await learner();
    await record('2026-02-01T10:00:00Z', '2026-02-02T10:00:00Z');
    const current = async (now: string) =>
      (await getStreak(database.db, { userId, now: new Date(now) })).currentDays;
    expect(await current('2026-02-02T23:59:59Z')).toBe(2);
    expect(await current('2026-02-03T23:59:59Z')).toBe(2);
    expect(await current('2026-02-04T00:00:00Z')).toBe(0);
  });

  it('knows the days by the clock of the learner', async () => {
    const { userId, record } = await learner('Africa/Johannesburg');
    // 23:30 and, half an hour of UTC later, 00:00: two days in Johannesburg, one in UTC.
    await record('2026-02-01T21:30:00Z', '2026-02-01T22:00:00Z');
    const now = new Date('2026-02-02T21:59:59Z');
    expect(await getStreak(database.db, { userId, now })).toMatchObject({
      currentDays: 2,
      lastActiveOn: '2026-02-02',
      timeZone: 'Africa/Johannesburg',
    });
  });

  it('is not broken by a day that the calendar of the zone left out', async () => {
    const { userId, record } = await learner('Pacific/Apia', new Date('2011-12-01T00:00:00Z'));
    // 28, 29 and 31 December by the clock of Apia, and 2 January.
    await record('2011-12-28T20:00:00Z', '2011-12-29T20:00:00Z', '2011-12-30T20:00:00Z');
    const at = (now: string) => getStreak(database.db, { userId, now: new Date(now) });
    const four = { currentDays: 3, longestDays: 3, lastActiveOn: '2011-12-31' };
    expect(await at('2011-12-30T21:00:00Z')).toMatchObject(four);
    expect(await at('2011-12-29T21:00:00Z')).toMatchObject({ currentDays: 2, longestDays: 3 });
    expect(await at('2012-01-01T09:00:00Z')).toMatchObject(four);
    expect(await at('2012-01-01T10:00:00Z')).toMatchObject({ currentDays: 0, longestDays: 3 });
    await record('2012-01-01T20:00:00Z');
    expect(await at('2012-01-01T21:00:00Z')).toMatchObject({ currentDays: 1, longestDays: 3 });
    await setTimeZone(userId, 'UTC');
    expect(await at('2012-01-01T21:00:00Z')).toMatchObject({ currentDays: 1, longestDays: 3 });
  });

  it('ends yesterday where yesterday was the last day before one that was left out', async () => {
    const { userId, record } = await learner('Pacific/Apia', new Date('2011-12-01T00:00:00Z'));
    await record('2011-12-28T20:00:00Z', '2011-12-29T20:00:00Z');
    const at = (now: string) => getStreak(database.db, { userId, now: new Date(now) });
    expect(await at('2011-12-30T21:00:00Z')).toMatchObject({ currentDays: 2 });
    expect(await at('2011-12-31T21:00:00Z')).toMatchObject({ currentDays: 0 });
  });

  it('counts the days anew when the learner moves to another time zone, or gets a profile', async () => {
    const { userId, record } = await learner();
    const other = await learner();
    await record('2026-02-01T21:30:00Z', '2026-02-01T22:00:00Z');
    await other.record('2026-02-01T21:30:00Z', '2026-02-01T22:00:00Z');
    const longest = async (id: string) =>
      (await getStreak(database.db, { userId: id })).longestDays;
    expect(await longest(userId)).toBe(1);
    await setTimeZone(userId, 'Africa/Johannesburg');
    expect(await longest(userId)).toBe(2);
    await setTimeZone(userId, 'America/New_York');
    expect(await longest(userId)).toBe(1);
    expect(await longest(other.userId)).toBe(1);
    expect(await verifyProgress(database.db)).toMatchObject({ findings: [] });
  });

  it('counts the days in UTC again when the profile is deleted, and leaves none of an erased user', async () => {
    const { userId, record } = await learner('Africa/Johannesburg');
    await record('2026-02-01T23:00:00Z');
    await poolOf(database.db).query('delete from identity.user_profiles where user_id = $1', [
      userId,
    ]);
    expect(await getStreak(database.db, { userId })).toMatchObject({
      lastActiveOn: '2026-02-01',
      timeZone: 'UTC',
    });
    expect(await verifyProgress(database.db)).toMatchObject({ findings: [] });
    await setTimeZone(userId, 'Asia/Kathmandu');
    await poolOf(database.db).query('delete from identity.users where id = $1', [userId]);
    const { rows } = await poolOf(database.db).query(
      'select from education.learner_days where user_id = $1',
      [userId],
    );
    expect(rows).toHaveLength(0);
  });

  it('counts the days of both when a profile goes to another user, and of all when profiles are truncated', async () => {
    const [first, second] = [await learner('Africa/Johannesburg'), await learner()];
    // One day in UTC, two in Johannesburg.
    for (const { record } of [first, second]) {
      await record('2026-02-01T21:30:00Z', '2026-02-01T22:00:00Z');
    }
    const longest = async () => [
      (await getStreak(database.db, { userId: first.userId })).longestDays,
      (await getStreak(database.db, { userId: second.userId })).longestDays,
    ];
    expect(await longest()).toEqual([2, 1]);
    await poolOf(database.db).query(
      'update identity.user_profiles set user_id = $2 where user_id = $1',
      [first.userId, second.userId],
    );
    expect(await longest()).toEqual([1, 2]);
    expect(await verifyProgress(database.db)).toMatchObject({ findings: [] });
    await poolOf(database.db).query('truncate identity.user_profiles');
    expect(await longest()).toEqual([1, 1]);
    expect(await verifyProgress(database.db)).toMatchObject({ findings: [] });
  });

  it('forgets the days of an enrollment that is deleted, and of no other', async () => {
    const { userId, record } = await learner();
    const course = await openCourse(database.db);
    await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
    await record('2026-02-01T10:00:00Z');
    await recordProgress(database.db, {
      events: [
        eventsOf(userId, course)('started', 0, 0, { occurredAt: new Date('2026-02-02T10:00:00Z') }),
      ],
    });
    await poolOf(database.db).query(
      'delete from education.enrollments where user_id = $1 and course_id = $2',
      [userId, course.courseId],
    );
    expect(await getStreak(database.db, { userId })).toMatchObject({
      longestDays: 1,
      lastActiveOn: '2026-02-01',
    });
    const empty = await enrolledLearner(database.db, course.courseId);
    await poolOf(database.db).query('delete from education.enrollments where user_id = $1', [
      empty,
    ]);
    expect(await getStreak(database.db, { userId: empty })).toMatchObject({ longestDays: 0 });
    expect(await verifyProgress(database.db)).toMatchObject({ findings: [] });
  });

  it('agrees with counting the days by hand, for any days in any order', async () => {
    const course = await openCourse(database.db);
    const zones = fc.constantFrom(
      'UTC',
      'Africa/Johannesburg',
      'America/New_York',
      'Asia/Kathmandu',
    );
    const hours = fc.array(fc.integer({ min: 0, max: 24 * 20 }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(
        zones,
        hours,
        fc.integer({ min: 0, max: 24 * 22 }),
        async (zone, times, now) => {
          const userId = await insertLearner(database.db);
          await setTimeZone(userId, zone);
          await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
          const event = eventsOf(userId, course);
          for (const hour of times) {
            await recordProgress(database.db, { events: [event('started', 0, hour / 24)] });
          }
          const dayOf = (hour: number) => {
            const date = new Date(START.getTime() + (hour * DAY) / 24);
            const text = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(date);
            return Date.parse(text) / DAY;
          };
          const days = new Set(times.map(dayOf));
          const runBefore = (day: number): number => (days.has(day) ? 1 + runBefore(day - 1) : 0);
          const today = dayOf(now);
          const expected = {
            currentDays: runBefore(today) || runBefore(today - 1),
            longestDays: Math.max(...[...days].map(runBefore)),
          };
          const streak = await getStreak(database.db, {
            userId,
            now: new Date(START.getTime() + (now * DAY) / 24),
          });
          expect(streak).toMatchObject(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});
