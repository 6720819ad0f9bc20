import { getMigrationStatus, type MigrationStatus } from '../../migrate/index.ts';
import { print } from '../output.ts';
import { findTarget, nameTarget } from '../target.ts';

/**
 * Says which database is meant and how it stands to the migrations; exits 1 unless all are applied.
 */
export async function status(): Promise<void> {
  const target = await findTarget();
  if (target === null) {
    print('No embedded PostgreSQL is running here, and DATABASE_URL is not set.');
    process.exitCode = 1;
    return;
  }
  const found = await getMigrationStatus({ url: target.url });
  print(`${nameTarget(target.url)}: ${found.applied.length} applied.`);
  for (const line of describeStatus(found)) print(line);
  const { pending, late, edited, deleted } = found;
  if (pending.length + late.length + edited.length + deleted.length > 0) process.exitCode = 1;
}

function describeStatus(found: MigrationStatus): string[] {
  return [
    ...found.pending.map((tag) => `pending: ${tag}`),
    ...found.late.map((tag) => `merged late: ${tag}`),
    ...found.edited.map((tag) => `edited after it was applied: ${tag}`),
    ...found.deleted.map((when) => `applied, but its file is gone: created_at ${when}`),
    ...found.ahead.map((when) => `applied by a newer release: created_at ${when}`),
  ];
}
