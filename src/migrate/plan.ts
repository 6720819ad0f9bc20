import type { AppliedRow } from '../books.ts';
import type { Migration } from './migration-files.ts';

/** How a database stands to a folder of migrations. */
export interface MigrationPlan {
  /** Applied, unchanged since. */
  readonly applied: readonly Migration[];
  /** To be applied next, in this order. */
  readonly pending: readonly Migration[];
  /** Not applied, yet older than one that is: merged late. drizzle-kit would skip it for good. */
  readonly late: readonly Migration[];
  /** Applied from a file whose text was another one. */
  readonly edited: readonly Migration[];
  /** Recorded as applied, older than the newest file, and in no file: its file was deleted. */
  readonly deleted: readonly AppliedRow[];
  /** Recorded as applied and newer than every file: a newer release of the package was here. */
  readonly ahead: readonly AppliedRow[];
}

/** Compares files with the rows that drizzle-kit and `migrate` write; `when` is what joins them. */
export function planMigrations(
  migrations: readonly Migration[],
  rows: readonly AppliedRow[],
): MigrationPlan {
  const applied = new Set(rows.map((row) => row.when));
  const known = new Set(migrations.map((migration) => migration.when));
  const newestFile = Math.max(...known, Number.NEGATIVE_INFINITY);
  // Over all rows, known or not, because this is the one number that drizzle-kit goes by.
  const newestApplied = Math.max(...rows.map((row) => row.when), Number.NEGATIVE_INFINITY);
  const isUnchanged = (migration: Migration) =>
    rows.some((row) => row.when === migration.when && migration.hashes.includes(row.hash));

  const recorded = migrations.filter((migration) => applied.has(migration.when));
  const missing = migrations.filter((migration) => !applied.has(migration.when));
  const unknown = rows.filter((row) => !known.has(row.when));
  return {
    applied: recorded.filter(isUnchanged),
    edited: recorded.filter((migration) => !isUnchanged(migration)),
    pending: missing.filter((migration) => migration.when > newestApplied),
    late: missing.filter((migration) => migration.when < newestApplied),
    deleted: unknown.filter((row) => row.when < newestFile),
    ahead: unknown.filter((row) => row.when > newestFile),
  };
}
