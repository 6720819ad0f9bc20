import { connect } from '../../db/connect.ts';
import { print } from '../output.ts';
import { nameTarget, openTarget } from '../target.ts';

/**
 * Starts the embedded server and leaves it running; with DATABASE_URL, only looks whether that
 * server answers.
 */
export async function start(): Promise<void> {
  const { url, embedded } = await openTarget();
  if (embedded) {
    print(`PostgreSQL ${embedded.serverVersion} is running: ${nameTarget(url)}.`);
    print(`Its data is in ${embedded.dataDir}.`);
    return;
  }
  const db = await connect({ url, max: 1, requireMigrated: false });
  await db.close();
  print(
    `Nothing to start: the database is named already, and its server answers: ${nameTarget(url)}.`,
  );
}
