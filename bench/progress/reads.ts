import {
  getCourseStats,
  getLearningPathProgress,
  getProgress,
  getStreak,
  listAtRiskLearners,
  listCourseProgress,
  listLearnerProgress,
} from '../../src/queries/education/index.ts';
import type { Contender } from '../lib/measure.ts';
import { courseId, courseOf, learnerOf, learningPathId, pick, userId } from './data.ts';
import { inEach, type World } from './world.ts';

type Order = 'progress' | 'activity';

/** The largest course, which has half of the enrollments. */
const popular = { courseId: courseId(0) };

/** Every read, of a random learner or of the largest course. */
export function readCases(worlds: World[]): [string, Contender[]][] {
  const ofAnyone = (read: (world: World, i: number) => Promise<unknown>) =>
    inEach(worlds, (world) => ({
      operation: () => read(world, pick(world.size, 1)[0] as number),
    }));
  return [
    [
      'getProgress',
      ofAnyone(({ db }, i) =>
        getProgress(db, { userId: userId(learnerOf(i)), courseId: courseId(courseOf(i)) }),
      ),
    ],
    [
      'listLearnerProgress',
      ofAnyone(({ db }, i) => listLearnerProgress(db, { userId: userId(learnerOf(i)) })),
    ],
    [
      'getLearningPathProgress, a path of 8 courses',
      ofAnyone(({ db }, i) =>
        getLearningPathProgress(db, { userId: userId(learnerOf(i)), learningPathId }),
      ),
    ],
    ['getStreak', ofAnyone(({ db }, i) => getStreak(db, { userId: userId(learnerOf(i)) }))],
    ...(['progress', 'activity'] as const).flatMap((order): [string, Contender[]][] => [
      [`listCourseProgress by ${order}, first page of 20`, firstPages(worlds, order)],
      [`listCourseProgress by ${order}, page of 20 in the middle`, middlePages(worlds, order)],
    ]),
    [
      'listAtRiskLearners, first page of 20',
      inEach(worlds, ({ db }) => ({
        operation: () => listAtRiskLearners(db, { ...popular, limit: 20 }),
      })),
    ],
    [
      'getCourseStats',
      inEach(worlds, ({ db }) => ({ operation: () => getCourseStats(db, popular) })),
    ],
  ];
}

/**
 * The roster by activity once more: all that the writes touched are in the last slots now, and it
 * reads one whole.
 */
export function afterWrites(worlds: World[]): [string, Contender[]][] {
  return [
    [
      'listCourseProgress by activity, first page of 20, after all of these events',
      firstPages(worlds, 'activity'),
    ],
  ];
}

function firstPages(worlds: World[], order: Order): Contender[] {
  return inEach(worlds, ({ db }) => ({
    operation: () => listCourseProgress(db, { ...popular, order, limit: 20 }),
  }));
}

function middlePages(worlds: World[], order: Order): Contender[] {
  return inEach(worlds, ({ db, size }) => {
    let cursor: string | undefined;
    return {
      prepare: async () => {
        cursor ??= await walk(db, order, Math.floor(size / 4));
      },
      operation: () => listCourseProgress(db, { ...popular, order, limit: 20, cursor }),
    };
  });
}

/** The cursor after so many learners of the largest course, or a page more. */
async function walk(db: World['db'], order: Order, count: number): Promise<string> {
  const limit = Math.min(500, count);
  let cursor: string | null = null;
  for (let passed = 0; passed < count; passed += limit) {
    const page = await listCourseProgress(db, {
      ...popular,
      order,
      limit,
      cursor: cursor ?? undefined,
    });
    cursor = page.nextCursor;
  }
  return cursor as string;
}
