import { readPendingSql } from '../../migrate/pending-sql.ts';
import { print, tell } from '../output.ts';
import { describeApplied, runMigrate } from '../run-migrate.ts';
import { nameTarget, openTarget, requireTarget } from '../target.ts';

/** Brings the database up to date with the migrations, or with `dryRun` prints what that takes. */
export async function migrateCommand(options: {
  allowLate?: boolean;
  dryRun?: boolean;
}): Promise<void> {
  const { allowLate = false, dryRun = false } = options;
  if (dryRun) {
    await printPending(allowLate);
    return;
  }
  const { url } = await openTarget();
  const applied = await runMigrate({ url, allowLate });
  print(`${nameTarget(url)}: ${describeApplied(applied)}`);
}

async function printPending(allowLate: boolean): Promise<void> {
  const { url } = await requireTarget();
  const files = await readPendingSql({ url, allowLate });
  for (const { file, sql } of files) print(`-- ${file}\n${sql.trimEnd()}\n`);
  tell(`${nameTarget(url)}: ${files.length} to apply. Nothing was written.`);
}
