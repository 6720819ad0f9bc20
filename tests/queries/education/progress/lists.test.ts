import { describe, expect, it } from 'vitest';
import {
  createAssessment,
  dropEnrollment,
  enroll,
  getLearningPathProgress,
  gradeAssessment,
  listAtRiskLearners,
  listCourseProgress,
  listLearnerProgress,
  recordProgress,
  startAssessment,
  submitAssessment,
} from '../../../../src/queries/education/index.ts';
import { learningPathCourses } from '../../../../src/schema/education/learning-path-courses.ts';
import { learningPaths } from '../../../../src/schema/education/learning-paths.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  at,
  DAY,
  enrolledLearner,
  eventsOf,
  insertLearner,
  openCourse,
  readAll,
  START,
  type TestCourse,
} from '../fixture.ts';

describe('listLearnerProgress', () => {
  const database = useTestDatabase();

  it('lists the courses of one learner, the newest activity first, page by page', async () => {
    const userId = await insertLearner(database.db);
    const decoy = await insertLearner(database.db);
    const courses: TestCourse[] = [];
    for (let count = 0; count < 5; count += 1) {
      const course = await openCourse(database.db);
      courses.push(course);
      await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
      await enroll(database.db, { userId: decoy, courseId: course.courseId, enrolledAt: START });
    }
    // Courses 1 and 3 tie, and so do 0, 2 and 4, which have no event.
    for (const index of [1, 3]) {
      const event = eventsOf(userId, courses[index] as TestCourse);
      await recordProgress(database.db, { events: [event('completed', 0, 4)] });
    }
    const items = await readAll((cursor) =>
      listLearnerProgress(database.db, { userId, limit: 2, cursor }),
    );
    const id = (index: number) => courses[index]?.courseId;
    expect(items.map((item) => item.courseId)).toEqual([3, 1, 4, 2, 0].map(id));
    expect(items[0]).toMatchObject({
      userId,
      basisPoints: 5000,
      lastActivityAt: at(4),
      title: 'SQL for everyone',
    });
  });
});

describe('listCourseProgress', () => {
  const database = useTestDatabase();

  async function roster() {
    const course = await openCourse(database.db, [{ weight: 1 }, { weight: 3 }]);
    const decoy = await openCourse(database.db);
    await enrolledLearner(database.db, decoy.courseId);
    const learners: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      const userId = await enrolledLearner(database.db, course.courseId);
      learners.push(userId);
      const event = eventsOf(userId, course);
      const events = [event('started', 0, 10 - Math.floor(count / 2))];
      if (count % 3 > 0) events.push(event('completed', count % 3 === 1 ? 0 : 1, 1));
      await recordProgress(database.db, { events });
    }
    return { ...course, learners };
  }

  it('lists by progress, then by id, page by page', async () => {
    const { courseId, learners } = await roster();
    const items = await readAll((cursor) =>
      listCourseProgress(database.db, { courseId, limit: 2, cursor }),
    );
    expect(items.map((item) => [learners.indexOf(item.userId), item.basisPoints])).toEqual([
      [5, 7500],
      [2, 7500],
      [4, 2500],
      [1, 2500],
      [3, 0],
      [0, 0],
    ]);
    expect(items[0]?.learnerName).toBe('Thandi Nkosi');
  });

  it('lists by activity, then by id, page by page', async () => {
    const { courseId, learners } = await roster();
    const items = await readAll((cursor) =>
      listCourseProgress(database.db, { courseId, order: 'activity', limit: 4, cursor }),
    );
    expect(items.map((item) => learners.indexOf(item.userId))).toEqual([1, 0, 3, 2, 5, 4]);
  });

  it('refuses the cursor of the other order', async () => {
    const { courseId } = await roster();
    const { nextCursor } = await listCourseProgress(database.db, { courseId, limit: 1 });
    const cursor = nextCursor as string;
    await expect(
      listCourseProgress(database.db, { courseId, order: 'activity', limit: 1, cursor }),
    ).rejects.toMatchObject({
      field: 'cursor',
      rule: 'must be a nextCursor that this list returned',
    });
  });
});

describe('listAtRiskLearners', () => {
  const database = useTestDatabase();

  it('lists active learners with the reasons, the longest idle first, and nobody else', async () => {
    const course = await openCourse(database.db, [{ weight: 1 }, { weight: 9 }]);
    const { courseId } = course;
    const enrolled = () => enrolledLearner(database.db, courseId);
    const [idle, slow, failing, fine, gone, done] = [
      await enrolled(),
      await enrolled(),
      await enrolled(),
      await enrolled(),
      await enrolled(),
      await enrolled(),
    ];
    const complete = (userId: string, module: number, days: number) =>
      recordProgress(database.db, {
        events: [eventsOf(userId, course)('completed', module, days)],
      });
    await complete(idle, 1, 1);
    await complete(slow, 0, 28);
    await complete(failing, 1, 29);
    await complete(fine, 1, 29.5);
    await complete(done, 0, 1);
    await complete(done, 1, 1);
    await dropEnrollment(database.db, { userId: gone, courseId });
    await grade(failing, courseId, 4);
    await grade(failing, courseId, 0);
    await grade(fine, courseId, 4);
    await grade(fine, courseId, 5);
    // Failures in another course are no reason here.
    const other = await openCourse(database.db);
    await grade(fine, other.courseId, 0);
    await grade(fine, other.courseId, 0);
    const list = () =>
      readAll((cursor) =>
        listAtRiskLearners(database.db, { courseId, now: at(30), limit: 1, cursor }),
      );
    expect((await list()).map(({ userId, reasons }) => ({ userId, reasons }))).toEqual([
      { userId: idle, reasons: [{ kind: 'INACTIVE', days: 29 }] },
      {
        userId: slow,
        reasons: [{ kind: 'BEHIND_PACE', basisPoints: 1_000, expectedBasisPoints: 5_000 }],
      },
      { userId: failing, reasons: [{ kind: 'FAILED_ASSESSMENTS', count: 2 }] },
    ]);
  });

  it('draws the lines where the caller says', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await enrolledLearner(database.db, courseId);
    const reasons = async (params: object) => {
      const { items } = await listAtRiskLearners(database.db, { courseId, now: at(7), ...params });
      return items.flatMap((item) => item.reasons);
    };
    expect(await reasons({ inactiveDays: 8, paceBasisPoints: 0 })).toEqual([]);
    expect(await reasons({ inactiveDays: 7, paceBasisPoints: 0 })).toEqual([
      { kind: 'INACTIVE', days: 7 },
    ]);
    expect(await reasons({ inactiveDays: 8, expectedDays: 7 })).toEqual([
      { kind: 'BEHIND_PACE', basisPoints: 0, expectedBasisPoints: 10_000 },
    ]);
    await grade(userId, courseId, 4);
    expect(await reasons({ inactiveDays: 8, paceBasisPoints: 0, failedAssessments: 1 })).toEqual([
      { kind: 'FAILED_ASSESSMENTS', count: 1 },
    ]);
  });

  it('has nothing against anybody long before they enrolled', async () => {
    const { courseId } = await openCourse(database.db);
    await enrolledLearner(database.db, courseId);
    const now = new Date('0001-01-01T00:00:00Z');
    expect(
      (await listAtRiskLearners(database.db, { courseId, now, expectedDays: 1 })).items,
    ).toEqual([]);
  });

  it('measures with the clock of the server when no time is given', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await insertLearner(database.db);
    await enroll(database.db, { userId, courseId, enrolledAt: new Date(Date.now() - 20.5 * DAY) });
    const { items } = await listAtRiskLearners(database.db, { courseId, paceBasisPoints: 0 });
    expect(items.map((item) => item.reasons)).toEqual([[{ kind: 'INACTIVE', days: 20 }]]);
  });

  async function grade(userId: string, courseId: string, score: number) {
    const assessment = { userId, courseId, type: 'QUIZ' as const, title: 'Q', maxScore: 10 };
    const { id: assessmentId } = await createAssessment(database.db, assessment);
    await startAssessment(database.db, { userId, assessmentId });
    await submitAssessment(database.db, { userId, assessmentId, answers: [] });
    await gradeAssessment(database.db, { userId, assessmentId, score });
  }
});

describe('getLearningPathProgress', () => {
  const database = useTestDatabase();

  it('returns the courses of the path in order, with what is done of them in all', async () => {
    const [first, second, third] = [
      await openCourse(database.db, [{ weight: 1 }]),
      await openCourse(database.db, [{ weight: 1 }, { weight: 2 }]),
      await openCourse(database.db),
    ];
    const [path] = await database.db
      .insert(learningPaths)
      .values({ title: 'Path', description: '', difficulty: 'BEGINNER', durationHours: 4 })
      .returning();
    const learningPathId = path?.id as string;
    const order = [third, first, second];
    await database.db
      .insert(learningPathCourses)
      .values(order.map(({ courseId }, position) => ({ learningPathId, courseId, position })));
    const userId = await insertLearner(database.db);
    const read = () => getLearningPathProgress(database.db, { userId, learningPathId });
    expect(await read()).toMatchObject({
      basisPoints: 0,
      completedCourses: 0,
      nextCourseId: third.courseId,
    });

    for (const course of [first, second]) {
      await enroll(database.db, { userId, courseId: course.courseId, enrolledAt: START });
      await recordProgress(database.db, { events: [eventsOf(userId, course)('completed', 0, 1)] });
    }
    expect(await read()).toEqual({
      learningPathId,
      title: 'Path',
      courses: [
        { courseId: third.courseId, title: 'SQL for everyone', status: null, basisPoints: 0 },
        {
          courseId: first.courseId,
          title: 'SQL for everyone',
          status: 'COMPLETED',
          basisPoints: 10_000,
        },
        {
          courseId: second.courseId,
          title: 'SQL for everyone',
          status: 'ACTIVE',
          basisPoints: 3_333,
        },
      ],
      completedCourses: 1,
      basisPoints: 4_444,
      nextCourseId: third.courseId,
    });
    await expect(
      getLearningPathProgress(database.db, { userId, learningPathId: userId }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
