import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  dropEnrollment,
  getCourseStats,
  recordProgress,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { enrollCrowd, enrolledLearner, eventsOf, openCourse, poolOf, scansOf } from '../fixture.ts';

const WRITERS = 32;

describe('getCourseStats', () => {
  const database = useTestDatabase();

  it('counts enrolled, active, completed and dropped, with the mean and the deciles of who is left', async () => {
    const course = await openCourse(database.db, [{ weight: 1 }, { weight: 2 }]);
    const decoy = await openCourse(database.db);
    await enrolledLearner(database.db, decoy.courseId);
    const [none, third, whole, gone] = [
      await enrolledLearner(database.db, course.courseId),
      await enrolledLearner(database.db, course.courseId),
      await enrolledLearner(database.db, course.courseId),
      await enrolledLearner(database.db, course.courseId),
    ];
    await recordProgress(database.db, {
      events: [
        eventsOf(none, course)('started', 0, 1),
        eventsOf(third, course)('completed', 0, 1),
        eventsOf(whole, course)('completed', 0, 1),
        eventsOf(whole, course)('completed', 1, 1),
        eventsOf(gone, course)('completed', 1, 1),
      ],
    });
    await dropEnrollment(database.db, { userId: gone, courseId: course.courseId });
    expect(await getCourseStats(database.db, { courseId: course.courseId })).toEqual({
      courseId: course.courseId,
      enrolled: 4,
      active: 2,
      completed: 1,
      dropped: 1,
      meanBasisPoints: Math.floor((0 + 3333 + 10_000) / 3),
      deciles: [1, 0, 0, 1, 0, 0, 0, 0, 0, 1],
    });
  });

  it('says null, not zero, for the mean of a course that nobody is in', async () => {
    const { courseId } = await openCourse(database.db);
    expect(await getCourseStats(database.db, { courseId })).toMatchObject({
      enrolled: 0,
      meanBasisPoints: null,
      deciles: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    });
    await expect(getCourseStats(database.db, { courseId: randomUUID() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      keys: ['courseId'],
    });
  });

  it('follows plain SQL: an insert, an update and a delete of many rows, and the end of a user', async () => {
    const course = await openCourse(database.db, [{ weight: 4 }]);
    const { courseId } = course;
    const ids = await enrollCrowd(database.db, courseId, 50);
    await poolOf(database.db).query(
      `update education.enrollments set done_weight = 1 where user_id = any($1)`,
      [ids.slice(0, 10)],
    );
    await poolOf(database.db).query('delete from education.enrollments where user_id = $1', [
      ids[0],
    ]);
    await poolOf(database.db).query('delete from identity.users where id = $1', [ids[49]]);
    expect(await getCourseStats(database.db, { courseId })).toMatchObject({
      enrolled: 48,
      active: 48,
      meanBasisPoints: Math.floor((9 * 2500) / 48),
      deciles: [39, 0, 9, 0, 0, 0, 0, 0, 0, 0],
    });
  });

  it('lets 32 open transactions write one course at once: none waits for another', async () => {
    const course = await openCourse(database.db, [{ weight: 1 }, { weight: 1 }]);
    const { courseId } = course;
    const learners: string[] = [];
    for (let count = 0; count < WRITERS; count += 1) {
      learners.push(await enrolledLearner(database.db, courseId));
    }
    const crowd = await connect({ url: database.url, max: WRITERS, lockTimeoutMs: 2_000 });
    const round = async (module: number) => {
      let ready = 0;
      let open: () => void = () => undefined;
      const barrier = new Promise<void>((resolve) => {
        open = resolve;
      });
      // Nobody commits before everybody has written: with one shared row the second writer would never arrive.
      await Promise.all(
        learners.map((userId) =>
          transaction(crowd, async (tx) => {
            await recordProgress(tx, {
              events: [eventsOf(userId, course)('completed', module, 1)],
            });
            ready += 1;
            if (ready === WRITERS) open();
            await barrier;
          }),
        ),
      );
    };
    await round(0);
    expect(await getCourseStats(crowd, { courseId })).toMatchObject({
      active: WRITERS,
      meanBasisPoints: 5_000,
    });
    await round(1);
    expect(await getCourseStats(crowd, { courseId })).toMatchObject({
      completed: WRITERS,
      meanBasisPoints: 10_000,
      deciles: [0, 0, 0, 0, 0, 0, 0, 0, 0, WRITERS],
    });
    await crowd.close();
    const { rows } = await poolOf(database.db).query(
      'select count(*)::integer as count from education.course_statistics where course_id = $1',
      [courseId],
    );
    // The second round took the rows of the first.
    expect(rows[0]?.count).toBeLessThanOrEqual(WRITERS + 1);
    expect(await verifyProgress(database.db, { courseId })).toEqual({
      clean: true,
      findings: [],
    });
  });

  it('reads a few rows of counters and no enrollment', async () => {
    const course = await openCourse(database.db);
    await enrolledLearner(database.db, course.courseId);
    const scans = await scansOf(database.db, (tx) =>
      getCourseStats(tx, { courseId: course.courseId }),
    );
    expect(scans.map(({ table }) => table)).toEqual(['course_statistics', 'courses']);
  });
});
