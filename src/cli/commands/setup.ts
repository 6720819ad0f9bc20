import { print } from '../output.ts';
import { describeApplied, runMigrate } from '../run-migrate.ts';
import { nameTarget, openTarget } from '../target.ts';
import { withDb } from '../with-db.ts';
import { refuseSeed, seedDemoData } from './seed.ts';

/**
 * Starts the embedded server if there is no other and it does not run, migrates, seeds the demo
 * data.
 */
export async function setup(options: { force?: boolean }): Promise<void> {
  refuseSeed(options);
  const { url } = await openTarget();
  print(`${nameTarget(url)}: ${describeApplied(await runMigrate({ url }))}`);
  await withDb(url, seedDemoData);
  print('The demo data are there.');
}
