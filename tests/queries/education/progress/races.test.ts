import { describe, expect, it } from 'vitest';
import type { Db } from '../../../../src/db/connect.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import { WrongStateError } from '../../../../src/errors.ts';
import {
  dropEnrollment,
  enroll,
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
import {
  enrolledLearner,
  eventsOf,
  insertLearner,
  openCourse,
  poolOf,
  START,
  type TestCourse,
} from '../fixture.ts';
import { untilBlocked } from './race.ts';

const database = useTestDatabase();
const CLEAN = { clean: true, findings: [] };

/** Runs `first`, and before it commits starts `second`, which may have to wait for it; what `second` comes to. */
async function race<T>(
  first: (tx: Db) => Promise<unknown>,
  second: () => Promise<T>,
  last: (tx: Db) => Promise<unknown> = async () => undefined,
): Promise<T> {
  // Not returned from the callback by itself: the commit would wait for it.
  const { racer } = await transaction(
    database.db,
    async (tx) => {
      await first(tx);
      const racer = second();
      await untilBlocked(database.db, racer);
      await last(tx);
      return { racer };
    },
    { maxAttempts: 1 },
  );
  return await racer;
}

describe('recordProgress', () => {
  it('does not deadlock with a change of the time zone, at the first event of a learner either', async () => {
    const course = await openCourse(database.db);
    const userId = await enrolledLearner(database.db, course.courseId);
    const events = [eventsOf(userId, course)('completed', 0, 1)];
    await race(
      (tx) =>
        tx.execute(`select from education.enrollments where user_id = '${userId}' for update`),
      () =>
        poolOf(database.db).query(
          `insert into identity.user_profiles (user_id, time_zone) values ($1, 'Asia/Tokyo')`,
          [userId],
        ),
      (tx) => recordProgress(tx, { events }),
    );
    expect(await verifyProgress(database.db, { userId })).toEqual(CLEAN);
  });

  it.each([
    ['publishCourse', (tx: Db, { courseId }: TestCourse) => publishCourse(tx, { courseId })],
    [
      'reviseCourse',
      (tx: Db, { courseId, moduleIds }: TestCourse) => {
        const kept = moduleIds.map((id) => ({ id, title: 'edited', content: '', weight: 7 }));
        return reviseCourse(tx, { courseId, modules: [...kept, { title: 'new', content: '' }] });
      },
    ],
  ])('goes on while %s is under way, even when it needs a new row of counters', async (_, edit) => {
    const course = await openCourse(database.db);
    const userId = await enrolledLearner(database.db, course.courseId);
    await transaction(database.db, async (tx) => {
      await edit(tx, course);
      await tx.execute(
        `select from education.course_statistics where course_id = '${course.courseId}' for update`,
      );
      const events = [eventsOf(userId, course)('completed', 0, 1)];
      expect(await recordProgress(database.db, { events })).toMatchObject({ applied: 1 });
    });
    expect(await verifyProgress(database.db, { courseId: course.courseId })).toEqual(CLEAN);
  });
});

describe('enroll', () => {
  it('waits for a revision that is being published, and follows it', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await insertLearner(database.db);
    const enrollment = await race(
      (tx) => publishCourse(tx, { courseId, policy: 'KEEP' }),
      () => enroll(database.db, { userId, courseId }),
    );
    expect(enrollment.revision).toBe(2);
  });

  it('keeps a revision waiting, so that who moves its learners afterwards sees the new one', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await insertLearner(database.db);
    const moved = await race(
      (tx) => enroll(tx, { userId, courseId }),
      async () => {
        const { revision } = await publishCourse(database.db, { courseId, policy: 'KEEP' });
        return await moveEnrollments(database.db, { courseId, revision });
      },
    );
    expect(moved).toMatchObject([{ userId, from: { revision: 1 }, to: { revision: 2 } }]);
  });
});

describe('dropEnrollment', () => {
  it('says that the course was completed when the completion came first', async () => {
    const course = await openCourse(database.db, [{}]);
    const { courseId } = course;
    const userId = await enrolledLearner(database.db, courseId);
    const events = [eventsOf(userId, course)('completed', 0, 1)];
    const drop = race(
      (tx) => recordProgress(tx, { events }),
      () => dropEnrollment(database.db, { userId, courseId }),
    );
    await expect(drop).rejects.toThrow(new WrongStateError('enrollment', 'COMPLETED', 'ACTIVE'));
  });

  it('returns the enrollment as the first of two left it', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await enrolledLearner(database.db, courseId);
    const droppedAt = new Date('2026-01-20T08:00:00.000Z');
    const second = await race(
      (tx) => dropEnrollment(tx, { userId, courseId, droppedAt }),
      () => dropEnrollment(database.db, { userId, courseId }),
    );
    expect(second).toMatchObject({ status: 'DROPPED', droppedAt });
  });
});

describe('moveEnrollments', () => {
  async function classOf(size: number, modules = [{}, {}]) {
    const course = await openCourse(database.db, modules);
    const learners: string[] = [];
    for (let count = 0; count < size; count += 1) {
      learners.push(await enrolledLearner(database.db, course.courseId));
    }
    return { ...course, learners: learners.sort() };
  }

  it('counts the module that a learner completes while it waits for them', async () => {
    const course = await classOf(1);
    const { courseId } = course;
    const [userId] = course.learners as [string];
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const events = [eventsOf(userId, course)('completed', 0, 1)];
    const moved = await race(
      (tx) => recordProgress(tx, { events }),
      () => moveEnrollments(database.db, { courseId, revision: 2 }),
    );
    expect(moved).toMatchObject([{ userId, to: { doneWeight: 1 } }]);
    expect(await verifyProgress(database.db, { courseId })).toEqual(CLEAN);
  });

  it('goes on to others when another mover was faster', async () => {
    const { courseId, learners } = await classOf(5);
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const move = (db: Db) => moveEnrollments(db, { courseId, revision: 2, limit: 2 });
    const moved = await race(move, () => move(database.db));
    expect(moved.map(({ userId }) => userId)).toEqual(learners.slice(2, 4));
  });

  it('goes on to others when the learner it waited for has dropped out', async () => {
    const { courseId, learners } = await classOf(3);
    const [first, second] = learners as [string, string];
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const moved = await race(
      (tx) => dropEnrollment(tx, { userId: first, courseId }),
      () => moveEnrollments(database.db, { courseId, revision: 2, limit: 1 }),
    );
    expect(moved.map(({ userId }) => userId)).toEqual([second]);
  });

  it('leaves nobody behind when several movers work until they get nothing', async () => {
    const { courseId, learners } = await classOf(30);
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const mover = async () => {
      const moved: string[] = [];
      for (;;) {
        const chunk = await moveEnrollments(database.db, { courseId, revision: 2, limit: 3 });
        if (chunk.length === 0) {
          const { rows } = await poolOf(database.db).query(
            'select from education.enrollments where course_id = $1 and revision < 2',
            [courseId],
          );
          expect(rows).toHaveLength(0);
          return moved;
        }
        moved.push(...chunk.map(({ userId }) => userId));
      }
    };
    const moved = await Promise.all(Array.from({ length: 4 }, mover));
    expect(moved.flat().sort()).toEqual(learners);
  });

  it('refuses to move from a snapshot that misses a completion, though it counted for nothing yet', async () => {
    const course = await classOf(1, [{}, { optional: true }, {}] as never);
    const { courseId, moduleIds } = course;
    const [userId] = course.learners as [string];
    const event = eventsOf(userId, course);
    await recordProgress(database.db, { events: [event('started', 0, 9)] });
    const modules = moduleIds.map((id) => ({ id, title: 'required', content: '' }));
    await reviseCourse(database.db, { courseId, modules });
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const attempts = await runFromBefore(
      database.db,
      () => recordProgress(database.db, { events: [event('completed', 1, 2)] }),
      (tx) => moveEnrollments(tx, { courseId, revision: 2 }),
    );
    expect(attempts).toBe(2);
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({ doneWeight: 1 });
    expect(await verifyProgress(database.db, { courseId })).toEqual(CLEAN);
  });
});

describe('deleting an enrollment', () => {
  it.each([
    ['another day', 5, false],
    ['the same day', 1, false],
    ['the same day, in a course that they just enrolled in', 1, true],
  ])(
    'keeps the days of a batch that is under way in another course, on %s',
    async (_, day, isNew) => {
      const [left, kept] = [await openCourse(database.db), await openCourse(database.db)];
      const userId = await enrolledLearner(database.db, left.courseId);
      const enrollment = { userId, courseId: kept.courseId, enrolledAt: START };
      if (!isNew) await enroll(database.db, enrollment);
      await recordProgress(database.db, { events: [eventsOf(userId, left)('started', 0, 1)] });
      await race(
        async (tx) => {
          if (isNew) await enroll(tx, enrollment);
          await recordProgress(tx, { events: [eventsOf(userId, kept)('started', 0, day)] });
        },
        () =>
          poolOf(database.db).query(
            'delete from education.enrollments where user_id = $1 and course_id = $2',
            [userId, left.courseId],
          ),
      );
      expect(await getStreak(database.db, { userId })).toMatchObject({ longestDays: 1 });
      expect(await verifyProgress(database.db, { userId })).toEqual(CLEAN);
    },
  );
});
