import { print } from '../output.ts';
import { describeApplied, runMigrate } from '../run-migrate.ts';
import { nameTarget, openTarget } from '../target.ts';

/** Brings the database up to date with the migrations. */
export async function migrateCommand(options: { allowLate?: boolean }): Promise<void> {
  const { url } = await openTarget();
  const applied = await runMigrate({ url, allowLate: options.allowLate ?? false });
  print(`${nameTarget(url)}: ${describeApplied(applied)}`);
}
