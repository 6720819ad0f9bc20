import type { Db } from '../../db/session.ts';
import { CliError } from '../errors.ts';
import { type Progress, print, startProgress } from '../output.ts';
import { nameTarget, openTarget } from '../target.ts';
import { withDb } from '../with-db.ts';

/** Adds the demo data, or with `scale` a large set of so many users. */
export async function seed(options: { scale?: number; seed?: number }): Promise<void> {
  const { scale, seed: number = 1 } = options;
  if (scale === undefined && options.seed !== undefined) {
    throw new CliError('REFUSED', '--seed chooses among large sets: it needs --scale.');
  }
  const { url } = await openTarget();
  await withDb(url, async (db) => {
    if (scale === undefined) await seedDemoData(db);
    else await seedLargeSet(db, scale, number);
  });
  print(`${nameTarget(url)} is seeded.`);
}

export async function seedDemoData(db: Db): Promise<void> {
  const { seedDemo } = await import('../../../seeds/demo/index.ts');
  await seedDemo(db);
}

async function seedLargeSet(db: Db, scale: number, number: number): Promise<void> {
  const { seedLarge } = await import('../../../seeds/large/index.ts');
  let progress: Progress | undefined;
  let phase = '';
  try {
    const counts = await seedLarge(db, {
      scale,
      seed: number,
      onProgress(event) {
        progress ??= startProgress(event.total);
        if (event.phase !== phase) progress.step(event.phase);
        phase = event.phase;
        progress.advance(event.done);
      },
    });
    progress?.stop();
    const rows = Object.entries(counts);
    for (const [table, count] of rows) print(`${table}: ${count} rows`);
    if (rows.length === 0) print(`Set ${number} of ${scale} users is there already.`);
  } finally {
    progress?.stop();
  }
}
