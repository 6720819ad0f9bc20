import {
  getMigrationStatus,
  type MigrationStatus,
  type SchemaVerification,
  verifySchema,
} from '../../migrate/index.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printReport } from '../report.ts';
import { nameTarget, requireTarget } from '../target.ts';

/**
 * Says which database is meant and how it stands to the migrations; with `verify`, also whether
 * every object is as they make it.
 */
export async function status(options: { json?: boolean; verify?: boolean }): Promise<void> {
  const { url } = await requireTarget();
  const found = await getMigrationStatus({ url });
  const isWhole = found.pending.length + found.late.length === 0;
  const schema = options.verify && isWhole ? await verifySchema({ url }) : undefined;
  printReport(
    {
      command: 'status',
      url,
      exitCode: exitCodeOf(found, schema),
      facts: { migrations: found, ...(schema && { schema }) },
      lines: [
        `${nameTarget(url)}: ${found.applied.length} applied.`,
        ...describeStatus(found),
        ...(schema ? describeSchema(schema) : []),
        ...(options.verify && !isWhole
          ? ['Not compared with what is shipped: migrations are missing.']
          : []),
      ],
    },
    options,
  );
}

// What `migrate` would refuse comes before what it would do.
function exitCodeOf(
  { pending, late, edited, deleted }: MigrationStatus,
  schema: SchemaVerification | undefined,
): ExitCode {
  if (late.length + edited.length + deleted.length > 0) return exitCodes.findings;
  if (pending.length > 0) return exitCodes.pending;
  return schema?.clean === false ? exitCodes.findings : exitCodes.done;
}

function describeSchema({ clean, differences }: SchemaVerification): string[] {
  if (clean) return ['Every object is as the migrations make it.'];
  return [
    ...differences.map(({ kind, object }) => `${kind}: ${object}`),
    `Objects that are not as the migrations make them: ${differences.length}. ` +
      '`azora-db push` puts back what it can without touching a row.',
  ];
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
