import { type MigrateOptions, migrate } from '../migrate/index.ts';
import { type Progress, startProgress, tell } from './output.ts';

/** Runs `migrate` and shows how far it is. */
export async function runMigrate(options: MigrateOptions): Promise<string[]> {
  let progress: Progress | undefined;
  let done = 0;
  try {
    const { applied } = await migrate({
      ...options,
      onProgress(event) {
        if (event.type === 'waiting') tell('Waiting for another process that is migrating.');
        if (event.type === 'planned' && event.pending.length > 0) {
          progress = startProgress(event.pending.length);
        }
        if (event.type === 'retrying') {
          progress?.step(`${event.tag}: trying again for a lock`);
        }
        if (event.type === 'started') progress?.step(event.tag);
        if (event.type === 'applied') {
          done += 1;
          progress?.advance(done);
        }
      },
    });
    return applied;
  } finally {
    progress?.stop();
  }
}

/** The line that a command ends with. */
export function describeApplied(applied: readonly string[]): string {
  if (applied.length === 0) return 'Up to date: there was no migration to apply.';
  return `Applied ${applied.length} ${applied.length === 1 ? 'migration' : 'migrations'}.`;
}
