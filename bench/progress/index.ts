import { verifyProgress } from '../../src/queries/education/index.ts';
import { type Contender, measure, type Result } from '../lib/measure.ts';
import type { BenchOptions } from '../lib/options.ts';
import { report, type Section } from '../lib/report.ts';
import { openBenchDatabase } from '../lib/server.ts';
import { courseId, fill } from './data.ts';
import { naiveContenders } from './naive.ts';
import { afterWrites, readCases } from './reads.ts';
import type { World } from './world.ts';
import { writeCases } from './writes.ts';

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

/**
 * Reads come first, while the activity of learners is spread over a month, and the writes then
 * change that.
 */
function cases(worlds: World[]): [string, Contender[]][] {
  const [, large] = worlds as [World, World];
  return [
    ...readCases(worlds),
    ...naiveContenders(large.db, courseId(0)),
    ...writeCases(worlds),
    ...afterWrites(worlds),
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
