import { z } from 'zod';
import type { Db } from '../db/session.ts';
import { limit, parseInput } from '../input/validate.ts';
import { type SealHead, sealHead } from '../queries/finance/audit/seal-entries.ts';
import type { Finding, Verification } from '../queries/finding.ts';
import { type DataCheck, dataChecks } from './data-checks.ts';
import { findMigrationFaults, findObjectFaults } from './faults.ts';

/** What `checkDatabase` looks at, in this order. */
export type DatabaseCheck = 'migrations' | 'objects' | DataCheck;

/** A finding, with the check that it is of. */
export interface DatabaseFinding extends Finding {
  /** The check that found it. */
  check: DatabaseCheck;
}

/** What `checkDatabase` says. */
export interface DatabaseVerification extends Verification {
  /** What the checks found, in their order; none when the database is whole. */
  findings: DatabaseFinding[];
}

/** What `checkDatabase` compares with, and tells. */
export interface CheckDatabaseParams {
  /** The head that `sealEntries` returned last, kept elsewhere. */
  head?: SealHead | undefined;
  /** The most findings of each check, from 1 to 10,000. Default 100. */
  limit?: number | undefined;
  /** Told before each check, by its name. */
  onCheck?: ((check: DatabaseCheck) => void) | undefined;
}

const input = () =>
  z.strictObject({
    head: sealHead.optional(),
    limit: limit({ max: 10_000, fallback: 100 }),
    onCheck: z
      .custom<(check: DatabaseCheck) => void>((value) => typeof value === 'function')
      .optional(),
  });

/**
 * Everything that shows whether a database is whole, as after a restore or a move: which migrations
 * it has; disabled triggers, invalid indexes, and sequences behind their columns; `auditLedger`,
 * `verifySeals`, `verifyProgress` and `verifyJobIndex`. While a migration is missing or another
 * than in this package, only that is said, because the rest may not fit.
 *
 * Writes nothing and blocks nobody, but reads everything, some of it in one statement: open `db`
 * with `statementTimeoutMs: 0`, and with `requireMigrated: false` to be told of missing migrations.
 * It needs to read every table, those of the migrations' books too.
 *
 * @throws InvalidInputError also inside a transaction that is only `read committed`
 */
export async function checkDatabase(
  db: Db,
  params: CheckDatabaseParams = {},
): Promise<DatabaseVerification> {
  const { head, limit: most, onCheck } = parseInput(input, params);
  const findings: DatabaseFinding[] = [];
  const run = async (check: DatabaseCheck, find: () => Promise<Finding[]>) => {
    onCheck?.(check);
    const found = await find();
    findings.push(...found.slice(0, most).map((finding) => ({ check, ...finding })));
  };
  await run('migrations', () => findMigrationFaults(db));
  if (findings.length === 0) {
    await run('objects', () => findObjectFaults(db));
    for (const check of Object.keys(dataChecks) as DataCheck[]) {
      await run(check, () => dataChecks[check](db, { head, limit: most }));
    }
  }
  return { clean: findings.length === 0, findings };
}
