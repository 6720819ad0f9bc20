import { getMigrationStatus, type MigrationStatus } from '../../migrate/index.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printReport } from '../report.ts';
import { nameTarget, requireTarget } from '../target.ts';

/** Says which database is meant and how it stands to the migrations. */
export async function status(options: { json?: boolean }): Promise<void> {
  const { url } = await requireTarget();
  const found = await getMigrationStatus({ url });
  printReport(
    {
      command: 'status',
      url,
      exitCode: exitCodeOf(found),
      facts: { migrations: found },
      lines: [`${nameTarget(url)}: ${found.applied.length} applied.`, ...describeStatus(found)],
    },
    options,
  );
}

// What `migrate` would refuse comes before what it would do.
function exitCodeOf({ pending, late, edited, deleted }: MigrationStatus): ExitCode {
  if (late.length + edited.length + deleted.length > 0) return exitCodes.findings;
  return pending.length > 0 ? exitCodes.pending : exitCodes.done;
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
