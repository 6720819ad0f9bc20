import {
  getCourseStats,
  getProgress,
  getStreak,
  listAtRiskLearners,
  listCourseProgress,
  listLearnerProgress,
  recordProgress,
  verifyProgress,
} from '../../src/queries/education/index.ts';
import { type Contender, measure, type Result } from '../lib/measure.ts';
import type { BenchOptions } from '../lib/options.ts';
import { report, type Section } from '../lib/report.ts';
import { type BenchDatabase, openBenchDatabase } from '../lib/server.ts';
import { completions, courseId, courseOf, fill, learnerOf, pick, steps, userId } from './data.ts';
import { naiveContenders } from './naive.ts';

interface World {
  readonly name: string;
  readonly size: number;
  readonly db: BenchDatabase['db'];
}

/** Events and reads at 1,000 and at 1,000,000 enrollments, side by side on one server. */
export async function run(options: BenchOptions): Promise<void> {
  const large = Math.round(1_000_000 * (options.scale ?? 1));
  const big = await openBenchDatabase(options.url, 40);
  const little = await openBenchDatabase(big.url, 40, '_small');
  try {
    await fill(little, 1_000);
    await fill(big, large);
    const worlds: World[] = [
      { name: '1,000 enrollments', size: 1_000, db: little.db },
      { name: `${large.toLocaleString('en')} enrollments`, size: large, db: big.db },
    ];
    const sections: Section[] = [];
    for (const [title, contenders] of cases(worlds)) {
      if (options.only !== undefined && !title.includes(options.only)) continue;
      const results = await measure(contenders, options);
      sections.push({ title, results, notes: costNotes(results) });
    }
    if (options.only === undefined) sections.push(await verified(worlds));
    report('progress', big.description, sections);
  } finally {
    await little.close();
    await big.close();
  }
}

function cases(worlds: World[]): [string, Contender[]][] {
  const each = (make: (world: World) => Omit<Contender, 'name'>, what = '') =>
    worlds.map((world): Contender => ({ name: `${world.name}${what}`, ...make(world) }));
  const [, large] = worlds as [World, World];
  const anyone = ({ size }: World) => pick(size, 1)[0] as number;
  const popular = { courseId: courseId(0) };
  return [
    ...[1, 100, 1_000].map((units): [string, Contender[]] => [
      `recordProgress, batches of ${units}: learners go on in a module`,
      each(({ db, size }) => ({
        units,
        operation: () => recordProgress(db, { events: steps(size, units) }),
      })),
    ]),
    [
      'recordProgress, batches of 1, 8 callers',
      each(({ db, size }) => ({
        callers: 8,
        operation: () => recordProgress(db, { events: steps(size, 1) }),
      })),
    ],
    [
      'recordProgress, 32 callers, all in one course',
      each(({ db, size }) => ({
        callers: 32,
        operation: () => recordProgress(db, { events: steps(size, 1) }),
      })).slice(1),
    ],
    [
      'recordProgress, batches of 1,000 that complete modules',
      [
        {
          name: large.name,
          units: 1_000,
          operation: () => recordProgress(large.db, { events: completions(large.size, 1_000) }),
        },
      ],
    ],
    [
      'getProgress',
      each((world) => ({
        operation: () => {
          const i = anyone(world);
          return getProgress(world.db, {
            userId: userId(learnerOf(i)),
            courseId: courseId(courseOf(i)),
          });
        },
      })),
    ],
    [
      'listLearnerProgress',
      each((world) => ({
        operation: () =>
          listLearnerProgress(world.db, { userId: userId(learnerOf(anyone(world))) }),
      })),
    ],
    [
      'getStreak',
      each((world) => ({
        operation: () => getStreak(world.db, { userId: userId(learnerOf(anyone(world))) }),
      })),
    ],
    [
      'listCourseProgress by progress, first page of 20',
      each(({ db }) => ({ operation: () => listCourseProgress(db, popular) })),
    ],
    [
      'listCourseProgress by activity, first page of 20',
      each(({ db }) => ({
        operation: () => listCourseProgress(db, { ...popular, order: 'activity' }),
      })),
    ],
    [
      'listAtRiskLearners, first page of 20',
      each(({ db }) => ({ operation: () => listAtRiskLearners(db, popular) })),
    ],
    ['getCourseStats', each(({ db }) => ({ operation: () => getCourseStats(db, popular) }))],
    ...naiveContenders(large.db, popular.courseId),
  ];
}

function costNotes(results: readonly Result[]): string[] {
  const [small, large] = results;
  if (small === undefined || large === undefined) return [];
  const ratio = large.latency.p50 / small.latency.p50;
  return [`p50 of the second is ${ratio.toFixed(2)} times that of the first`];
}

async function verified(worlds: World[]): Promise<Section> {
  const notes: string[] = [];
  for (const { name, db } of worlds) {
    const started = performance.now();
    const { clean } = await verifyProgress(db);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    notes.push(`${name}: ${clean ? 'nothing differs' : 'DIFFERENCES FOUND'}, in ${seconds} s`);
  }
  return { title: 'verifyProgress after all of this', results: [], notes };
}
