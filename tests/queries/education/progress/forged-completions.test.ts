import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  enroll,
  moveEnrollments,
  publishCourse,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { eventsOf, insertLearner, openCourse, poolOf, START } from '../fixture.ts';

const database = useTestDatabase();
const run = (text: string) => poolOf(database.db).query(text);
const withoutTriggers = (text: string) =>
  run(`set session_replication_role = replica; ${text}; reset session_replication_role`);

type Course = Awaited<ReturnType<typeof openCourse>>;

async function learnerOf(course: Course) {
  const userId = await insertLearner(database.db);
  await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
  return userId;
}

/** The events that complete a course. */
const allOf = (userId: string, course: Course) =>
  course.moduleIds.map((_id, at) => ({
    ...eventsOf(userId, course)('completed', at, 100),
    eventId: randomUUID(),
  }));

const published = async (userId: string) =>
  (await run(`select 1 from platform.events where data ->> 'userId' = '${userId}'`)).rows.length;

describe('a completion', () => {
  it.each([1, 2])(
    'of revision %i cannot be inserted for who has not earned it',
    async (revision) => {
      const course = await openCourse(database.db);
      const userId = await learnerOf(course);
      const forged = `insert into education.course_completions (user_id, course_id, revision)
      values ('${userId}', '${course.courseId}', ${revision})`;
      expect(await rejection(run(forged))).toMatchObject({
        code: '23514',
        constraint: 'course_completions_earned_check',
      });
      expect(await published(userId)).toBe(0);
    },
  );

  it.each([
    ['a later revision that asks for less', 3, 1, 2],
    ['an earlier revision that asked for less', 1, 3, 1],
  ])(
    'of %s cannot be inserted for who has all of its modules',
    async (_what, before, after, claimed) => {
      const { db } = database;
      const course = await openCourse(
        db,
        Array.from({ length: before }, () => ({})),
      );
      const early = await learnerOf(course);
      const modules = Array.from({ length: after }, (_, at) => ({
        id: course.moduleIds[at],
        title: 'M',
        content: '',
      }));
      await reviseCourse(db, { courseId: course.courseId, modules });
      await publishCourse(db, { courseId: course.courseId, policy: 'KEEP' });
      const userId = claimed === 2 ? early : await learnerOf(course);
      await recordProgress(db, { events: allOf(userId, course).slice(0, 1) });
      const forged = `insert into education.course_completions (user_id, course_id, revision)
        values ('${userId}', '${course.courseId}', ${claimed})`;
      expect(await rejection(run(forged))).toMatchObject({
        code: '23514',
        constraint: 'course_completions_earned_check',
      });
      expect(await published(userId)).toBe(0);
    },
  );

  it('that is there too early is found, and keeps nobody from being moved', async () => {
    const { db } = database;
    const course = await openCourse(db);
    const { courseId } = course;
    const [forged, other] = [await learnerOf(course), await learnerOf(course)];
    const events = [forged, other].flatMap((userId) => allOf(userId, course).slice(0, 1));
    await recordProgress(db, { events });
    const [id] = course.moduleIds;
    await reviseCourse(db, { courseId, modules: [{ id, title: 'M', content: '' }] });
    await publishCourse(db, { courseId, policy: 'KEEP' });
    await withoutTriggers(`insert into education.course_completions (user_id, course_id, revision)
      values ('${forged}', '${courseId}', 2)`);
    expect((await verifyProgress(db, { courseId })).findings).toMatchObject([
      { keys: { userId: forged }, actual: 'a completion that was not earned of revision 2' },
    ]);
    await moveEnrollments(db, { courseId, revision: 2 });
    expect([await published(forged), await published(other)]).toEqual([0, 1]);
    expect((await verifyProgress(db, { courseId })).findings).toEqual([]);
  });

  it('stays with its enrollment, so that none is published twice', async () => {
    const course = await openCourse(database.db);
    const userId = await learnerOf(course);
    await recordProgress(database.db, { events: allOf(userId, course) });
    expect(await published(userId)).toBe(1);
    const removal = `delete from education.enrollments where user_id = '${userId}'`;
    expect(await rejection(run(removal))).toMatchObject({
      code: '23001',
      constraint: 'enrollments_completed_stay',
    });
    await run(`delete from identity.users where id = '${userId}'`);
    expect(
      (await run(`select 1 from education.enrollments where user_id = '${userId}'`)).rows,
    ).toEqual([]);
  });
});

describe('recordProgress, where one learner cannot be written,', () => {
  it('publishes nothing again for who has the completion already', async () => {
    const course = await openCourse(database.db);
    const [forged, other] = [await learnerOf(course), await learnerOf(course)];
    await withoutTriggers(`insert into education.course_completions (user_id, course_id, revision)
      values ('${forged}', '${course.courseId}', 1)`);
    const events = [...allOf(forged, course), ...allOf(other, course)];
    expect(await recordProgress(database.db, { events })).toMatchObject({ rejected: [] });
    expect([await published(forged), await published(other)]).toEqual([0, 1]);
  });

  it('rejects the events of that learner and applies all others', async () => {
    const course = await openCourse(database.db);
    const learners = await Promise.all(Array.from({ length: 5 }, () => learnerOf(course)));
    const broken = learners[2] as string;
    // Nearly done, by nothing: the first module that it completes would be too much.
    await withoutTriggers(`update education.enrollments set done_weight = total_weight - 1
      where user_id = '${broken}'`);
    const events = learners.flatMap((userId) => allOf(userId, course));
    const at = [...events.keys()].filter((index) => events[index]?.userId === broken);
    const inside = transaction(database.db, (tx) => recordProgress(tx, { events }));
    expect(await rejection(inside)).toMatchObject({ code: 'CONSTRAINT_VIOLATION' });
    const result = await recordProgress(database.db, { events });
    expect(result.applied).toBe(events.length - at.length);
    expect(result.rejected).toEqual(
      at.map((index) => ({
        index,
        eventId: events[index]?.eventId,
        userId: broken,
        reason: 'REFUSED',
      })),
    );
    const { findings } = await verifyProgress(database.db);
    expect(findings.map(({ keys }) => keys.userId)).toContain(broken);
  });
});
