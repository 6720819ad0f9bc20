import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connect, type Database } from '../../../../src/db/connect.ts';
import {
  CommitUnknownError,
  ConnectionLostError,
  WrongStateError,
} from '../../../../src/errors.ts';
import {
  dropEnrollment,
  enroll,
  getCourseStats,
  moveEnrollments,
  type ProgressEvent,
  publishCourse,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { startKilling } from '../../../setup/kill-connections.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  enrolledLearner,
  eventsOf,
  openCourse,
  poolOf,
  START,
  type TestCourse,
} from '../fixture.ts';
import { countDeadlocks } from './race.ts';

const CONNECTIONS = 32;
const LEARNERS = 60;
const COURSES = 3;
const MODULES = [{ weight: 1 }, { weight: 2 }, { weight: 3 }, { weight: 4, optional: true }];
const KINDS = ['started', 'progressed', 'completed', 'completed'] as const;
const ZONES = ['Africa/Johannesburg', 'America/New_York', 'UTC', 'Asia/Kathmandu'];
const POLICIES = ['KEEP', 'STRICT'] as const;
const LEAST_ROUNDS = 6;

interface Storm {
  db: Database;
  courses: TestCourse[];
  learners: string[];
  lost: number;
  isOver: boolean;
}

describe('a storm of 32 connections with killed backends and replayed batches', () => {
  const database = useTestDatabase();

  it('loses nothing, counts nothing twice, and publishes each completion once', async () => {
    const courses: TestCourse[] = [];
    for (let count = 0; count < COURSES; count += 1) {
      courses.push(await openCourse(database.db, MODULES));
    }
    const { events, learners } = await makeEvents(database.db, courses);
    // The killer decides how long anything takes, so nothing may give up by itself.
    const db = await connect({
      url: database.url,
      max: CONNECTIONS,
      applicationName: 'storm',
      connectTimeoutMs: 120_000,
      lockTimeoutMs: 120_000,
      statementTimeoutMs: 120_000,
    });
    const storm: Storm = { db, courses, learners, lost: 0, isOver: false };
    const killer = await startKilling({
      url: database.url,
      applicationName: 'storm',
      most: 300,
      everyMs: 5,
    });
    try {
      const others = [revise(storm), dropAndReturn(storm), changeZones(storm)];
      const ends = await Promise.allSettled([
        sendAll(storm, events).finally(() => {
          storm.isOver = true;
        }),
        ...others,
      ]);
      expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
    } finally {
      await killer.stop();
    }

    // Without losses the storm would have proved less than it says.
    expect(storm.lost).toBeGreaterThan(20);
    const replay = await recordProgress(db, { events });
    await db.close();
    expect(replay).toEqual({ applied: 0, duplicates: events.length, rejected: [] });
    const { rows } = await poolOf(database.db).query(
      'select count(*)::integer as count from education.progress_events',
    );
    expect(rows).toEqual([{ count: events.length }]);
    expect(await verifyProgress(database.db, { outboxKeptSince: START })).toEqual({
      clean: true,
      findings: [],
    });
    expect(await countDeadlocks(database.db)).toBe(0);
    await expectCompletions(database.db, courses, learners, events);
  }, 300_000);
});

/** Every event twice, in batches that mix learners and courses, in no order; again what came while dropped out. */
async function sendAll(storm: Storm, events: ProgressEvent[]): Promise<void> {
  const queue = cut(shuffle([...events, ...events]));
  const worker = async () => {
    for (let batch = queue.pop(); batch !== undefined; batch = queue.pop()) {
      const sent = batch;
      const result = await untilDone(storm, () => recordProgress(storm.db, { events: sent }));
      expect(result.rejected.filter(({ reason }) => reason !== 'DROPPED')).toEqual([]);
      expect(result.applied + result.duplicates + result.rejected.length).toBe(sent.length);
      const again = result.rejected.map(({ index }) => sent[index] as ProgressEvent);
      if (again.length > 0) queue.unshift(again);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

/** Two courses change under their learners, again and again: the fourth module counts in every other revision. */
async function revise(storm: Storm): Promise<void> {
  let moved = 0;
  for (let round = 0; round < LEAST_ROUNDS || !storm.isOver; round += 1) {
    const { courseId, moduleIds } = storm.courses[round % 2] as TestCourse;
    const modules = moduleIds.map((id, index) => ({
      id,
      title: 'revised',
      content: '',
      weight: 1 + ((round + index) % 5),
      optional: index === 3 && round % 4 < 2,
    }));
    const policy = POLICIES[Math.floor(round / 2) % 2] as (typeof POLICIES)[number];
    await untilDone(storm, () => reviseCourse(storm.db, { courseId, modules }));
    const { revision } = await untilDone(storm, () =>
      publishCourse(storm.db, { courseId, policy }),
    );
    for (let chunk = 1; chunk > 0; moved += chunk) {
      chunk = (
        await untilDone(storm, () => moveEnrollments(storm.db, { courseId, revision, limit: 7 }))
      ).length;
    }
  }
  expect(moved).toBeGreaterThan(LEARNERS);
}

/** Some drop out of their courses and come back, as long as they have not completed them. */
async function dropAndReturn(storm: Storm): Promise<void> {
  for (let step = 0; !storm.isOver; step += 1) {
    const userId = storm.learners[(step * 7) % LEARNERS] as string;
    const { courseId } = storm.courses[step % COURSES] as TestCourse;
    try {
      await untilDone(storm, () => dropEnrollment(storm.db, { userId, courseId }));
    } catch (error) {
      if (!(error instanceof WrongStateError)) throw error;
      expect(error.status).toBe('COMPLETED');
    }
    await untilDone(storm, () => enroll(storm.db, { userId, courseId }));
    await sleep(5);
  }
}

async function changeZones(storm: Storm): Promise<void> {
  for (let step = 0; !storm.isOver; step += 1) {
    const userId = storm.learners[(step * 11) % LEARNERS];
    const zone = ZONES[step % ZONES.length];
    const sql = `insert into identity.user_profiles (user_id, time_zone) values ('${userId}', '${zone}')
      on conflict (user_id) do update set time_zone = excluded.time_zone`;
    await untilDone(storm, () => storm.db.execute(sql));
    await sleep(5);
  }
}

/** Asks until there is an answer. Nothing but a lost connection may happen: no deadlock, no constraint. */
async function untilDone<T>(storm: Storm, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isLost = error instanceof ConnectionLostError || error instanceof CommitUnknownError;
      if (!isLost) throw error;
      storm.lost += 1;
    }
  }
}

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
      `select data ->> 'userId' as user_id, count(*) = count(distinct data ->> 'revision') as is_once
       from platform.events
       where type = 'course.completed' and data ->> 'courseId' = $1
       group by 1`,
      [courseId],
    );
    expect(rows.map((row) => row.user_id).sort()).toEqual([...finishers].sort());
    expect(rows.filter((row) => !row.is_once)).toEqual([]);
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
