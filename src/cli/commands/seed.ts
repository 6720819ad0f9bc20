import { sql } from 'drizzle-orm';
import type { Db } from '../../db/session.ts';
import { PermissionError } from '../../errors.ts';
import { installHint } from '../../install-hint.ts';
import { CliError } from '../errors.ts';
import { type Progress, print, startProgress } from '../output.ts';
import { checkPlace } from '../reset-guard.ts';
import { isProduction, nameTarget, openTarget, plannedPlace } from '../target.ts';
import { withDb } from '../with-db.ts';

/** Adds the demo data, or with `scale` a large set of so many users. */
export async function seed(options: {
  scale?: number;
  seed?: number;
  force?: boolean;
}): Promise<void> {
  const { scale, seed: number = 1 } = options;
  if (scale === undefined && options.seed !== undefined) {
    throw new CliError('OPTION_MISSING', '--seed chooses among large sets: it needs --scale.');
  }
  refuseSeed(options);
  const { url } = await openTarget();
  await withDb(url, async (db) => {
    if (scale === undefined) await seedDemoData(db);
    else await seedLargeSet(db, scale, number);
  });
  print(`${nameTarget(url)} is seeded.`);
}

/**
 * Made-up people and money are not for production, nor unasked for another machine.
 *
 * @throws CliError `REFUSED` as a reset is.
 */
export function refuseSeed({ force = false }: { force?: boolean }): void {
  const request = { ...plannedPlace(), force, isProduction: isProduction() };
  checkPlace(request, 'a seed adds made-up people and money to');
}

export async function seedDemoData(db: Db): Promise<void> {
  const { seedDemo } = await import('../../../seeds/demo/index.ts');
  await seedDemo(db);
}

async function seedLargeSet(db: Db, scale: number, number: number): Promise<void> {
  const { seedLarge } = await import('../../../seeds/large/index.ts').catch(nameFaker);
  await requireImport(db);
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

/**
 * A large set has a history, which the ledger lets its owner alone bring along.
 *
 * @throws PermissionError before anything is written.
 */
async function requireImport(db: Db): Promise<void> {
  const { rows } = await db.execute<{ may: boolean }>(
    // As finance.may_import asks.
    sql`select pg_has_role(session_user, relowner, 'usage') as may
        from pg_class
        where oid = 'finance.entries'::regclass`,
  );
  if (rows[0]?.may) return;
  throw new PermissionError('--scale brings past entries, as only the owner of the tables may', {
    sqlState: '42501',
  });
}

// An optional peer, which a service that never makes large sets does without.
function nameFaker(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes('@faker-js/faker')) throw error;
  const install = installHint(['@faker-js/faker']);
  throw new CliError(
    'FAKER_MISSING',
    `--scale makes names with @faker-js/faker, which is not installed: ${install}`,
  );
}
