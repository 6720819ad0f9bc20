import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dropEnrollment,
  enroll,
  getProgress,
  type MovedEnrollment,
  moveEnrollments,
  publishCourse,
  type RevisionPolicy,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  at,
  draftCourse,
  enrolledLearner,
  eventsOf,
  insertLearner,
  openCourse,
  poolOf,
  START,
  type TestCourse,
} from '../fixture.ts';

interface PlannedModule {
  weight: number;
  optional: boolean;
}

/** Five modules of which each revision has some, at least one of them required. */
const revisionPlan = fc
  .array(
    fc.option(fc.record({ weight: fc.integer({ min: 1, max: 9 }), optional: fc.boolean() }), {
      nil: null,
    }),
    { minLength: 5, maxLength: 5 },
  )
  .filter((modules) => modules.some((module) => module !== null && !module.optional));

const scenario = fc.record({
  first: revisionPlan,
  second: revisionPlan,
  // For each learner: which modules they complete before the move and after it, and whether they drop out.
  learners: fc.array(
    fc.record({
      before: fc.subarray([0, 1, 2, 3, 4]),
      after: fc.subarray([0, 1, 2, 3, 4]),
      drops: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  chunk: fc.integer({ min: 1, max: 4 }),
});

type Plan = (PlannedModule | null)[];

function weigh(plan: Plan, done: Iterable<number> = plan.keys()): number {
  return [...new Set(done)].reduce((sum, index) => {
    const module = plan[index] ?? null;
    return sum + (module === null || module.optional ? 0 : module.weight);
  }, 0);
}

describe('moveEnrollments', () => {
  const database = useTestDatabase();

  async function publishPlan(course: TestCourse, plan: Plan, policy: RevisionPolicy) {
    const modules = plan.flatMap((module, index) =>
      module === null
        ? []
        : [{ ...module, id: course.moduleIds[index] as string, title: `M${index}`, content: '' }],
    );
    await reviseCourse(database.db, { courseId: course.courseId, modules });
    return await publishCourse(database.db, { courseId: course.courseId, policy });
  }

  async function moveAll(courseId: string, revision: number, limit: number) {
    const moved: MovedEnrollment[] = [];
    for (;;) {
      const chunk = await moveEnrollments(database.db, { courseId, revision, limit });
      expect(chunk.length).toBeLessThanOrEqual(limit);
      if (chunk.length === 0) return moved;
      moved.push(...chunk);
    }
  }

  async function completionsOf(userId: string) {
    const { rows } = await poolOf(database.db).query(
      `select (data ->> 'revision')::integer as revision from platform.events
       where type = 'course.completed' and data ->> 'userId' = $1 order by 1`,
      [userId],
    );
    return rows.map((row) => row.revision);
  }

  it.each(['PIN', 'KEEP', 'STRICT'] as const)(
    'does with every learner what the policy %s says, whatever changes and whoever is where',
    async (policy) => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ first, second, learners, chunk }) => {
          const course = await draftCourse(database.db, [{}, {}, {}, {}, {}]);
          const { courseId } = course;
          // Published once with every module, so that all five are modules of the course for good.
          await publishCourse(database.db, { courseId });
          await publishPlan(course, first, 'PIN');
          const ids: string[] = [];
          for (const { before, drops } of learners) {
            const userId = await enrolledLearner(database.db, courseId);
            ids.push(userId);
            const event = eventsOf(userId, course);
            const events = before.map((module) => event('completed', module, 1 + module));
            await recordProgress(database.db, { events });
            const isDone = weigh(first, before) === weigh(first);
            if (drops && !isDone) await dropEnrollment(database.db, { userId, courseId });
          }
          const { revision } = await publishPlan(course, second, policy);
          const moved = await moveAll(courseId, revision, chunk);

          for (const [index, { before, after, drops }] of learners.entries()) {
            const userId = ids[index] as string;
            const wasDone = weigh(first, before) === weigh(first);
            const isOut = drops && !wasDone;
            const moves = policy !== 'PIN' && !isOut;
            const plan = moves ? second : first;
            const isDone = weigh(plan, before) === weigh(plan);
            const keeps = wasDone && policy === 'KEEP';
            const status = isOut ? 'DROPPED' : isDone || keeps ? 'COMPLETED' : 'ACTIVE';
            expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
              revision: moves ? revision : 2,
              status,
              doneWeight: weigh(plan, before),
              totalWeight: weigh(plan),
            });
            const report = moved.filter((one) => one.userId === userId);
            expect(report).toMatchObject(
              moves
                ? [
                    {
                      from: { revision: 2, doneWeight: weigh(first, before) },
                      to: { revision, status, doneWeight: weigh(second, before) },
                      outcome:
                        wasDone === (status === 'COMPLETED')
                          ? 'moved'
                          : wasDone
                            ? 'reopened'
                            : 'completed',
                    },
                  ]
                : [],
            );

            // What comes later counts for the revision that they now follow.
            const late = eventsOf(userId, course);
            const events = after.map((module) => late('completed', module, 10 + module));
            const { rejected } = await recordProgress(database.db, { events });
            expect(rejected).toHaveLength(isOut ? after.length : 0);
            const done = weigh(plan, isOut ? before : [...before, ...after]);
            const isDoneNow = status === 'COMPLETED' || done === weigh(plan);
            expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
              doneWeight: done,
              status: isOut ? 'DROPPED' : isDoneNow ? 'COMPLETED' : 'ACTIVE',
            });
            const again = policy === 'STRICT' && wasDone && !isDone && isDoneNow;
            expect(await completionsOf(userId)).toEqual([
              ...(wasDone ? [2] : []),
              ...(again || (!wasDone && isDoneNow && !isOut) ? [moves ? revision : 2] : []),
            ]);
          }
          expect(await verifyProgress(database.db, { courseId })).toMatchObject({
            findings: [],
          });
        }),
        { numRuns: 30 },
      );
    },
  );

  it('goes on where it stopped, and touches no learner of another course', async () => {
    const course = await openCourse(database.db);
    const decoy = await openCourse(database.db);
    const stayer = await enrolledLearner(database.db, decoy.courseId);
    const learners: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      learners.push(await enrolledLearner(database.db, course.courseId));
    }
    const { courseId } = course;
    await publishCourse(database.db, { courseId, policy: 'KEEP' });
    const counts: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      counts.push((await moveEnrollments(database.db, { courseId, revision: 2, limit: 2 })).length);
    }
    expect(counts).toEqual([2, 2, 1, 0]);
    const stayed = await getProgress(database.db, { userId: stayer, courseId: decoy.courseId });
    expect(stayed.revision).toBe(1);
  });

  it('does not take a revision that is not there for one that everybody follows', async () => {
    const { courseId } = await openCourse(database.db);
    await enrolledLearner(database.db, courseId);
    await expect(moveEnrollments(database.db, { courseId, revision: 2 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      entity: 'revision',
    });
    expect(await moveEnrollments(database.db, { courseId, revision: 1 })).toEqual([]);
  });

  it('moves a learner who returns after dropping out, when it is asked to again', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await enrolledLearner(database.db, courseId);
    await dropEnrollment(database.db, { userId, courseId });
    await publishCourse(database.db, { courseId, policy: 'STRICT' });
    expect(await moveEnrollments(database.db, { courseId, revision: 2 })).toEqual([]);
    expect(await enroll(database.db, { userId, courseId })).toMatchObject({ revision: 1 });
    expect(await moveEnrollments(database.db, { courseId, revision: 2 })).toMatchObject([
      { userId },
    ]);
  });

  it('puts new learners into the newest revision, whatever its policy', async () => {
    const { courseId } = await openCourse(database.db);
    await publishCourse(database.db, { courseId, policy: 'PIN' });
    const userId = await insertLearner(database.db);
    expect(await enroll(database.db, { userId, courseId, enrolledAt: START })).toMatchObject({
      revision: 2,
      enrolledAt: at(0),
    });
  });
});
