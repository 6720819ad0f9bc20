import { connect, type Database } from '../../db/connect.ts';
import { type DataCheck, dataChecks } from '../../doctor/data-checks.ts';
import { checkDatabase, type DatabaseCheck, type DatabaseFinding } from '../../doctor/index.ts';
import type { SealHead } from '../../queries/finance/index.ts';
import { exitCodes } from '../exit-codes.ts';
import { tell } from '../output.ts';
import { printReport } from '../report.ts';
import { nameTarget, requireTarget } from '../target.ts';

export interface VerifyOptions {
  readonly head?: SealHead;
  readonly json?: boolean;
}

const LIMIT = 100;

/** Runs the ledger's verifiers: balances against entries, and the seals. */
export function audit(options: VerifyOptions): Promise<void> {
  return report('audit', options, true, (db) => verifyData(db, ['ledger', 'seals'], options));
}

/** Runs the verifiers of all data. */
export function verify(options: VerifyOptions): Promise<void> {
  const checks = Object.keys(dataChecks) as DataCheck[];
  return report('verify', options, true, (db) => verifyData(db, checks, options));
}

/** Runs them after a look at the migrations, triggers, indexes and sequences. */
export function doctor(options: VerifyOptions): Promise<void> {
  return report('doctor', options, false, async (db) => {
    const checks: DatabaseCheck[] = [];
    const { findings } = await checkDatabase(db, {
      head: options.head,
      limit: LIMIT,
      onCheck(check) {
        announce(check);
        checks.push(check);
      },
    });
    return { checks, findings };
  });
}

interface Verified {
  /** What was looked at. */
  readonly checks: readonly DatabaseCheck[];
  readonly findings: readonly DatabaseFinding[];
}

async function verifyData(
  db: Database,
  checks: readonly DataCheck[],
  { head }: VerifyOptions,
): Promise<Verified> {
  const findings: DatabaseFinding[] = [];
  for (const check of checks) {
    announce(check);
    const found = await dataChecks[check](db, { head, limit: LIMIT });
    findings.push(...found.slice(0, LIMIT).map((finding) => ({ check, ...finding })));
  }
  return { checks, findings };
}

function announce(check: DatabaseCheck): void {
  tell(`looking at: ${check}`);
}

async function report(
  command: string,
  options: VerifyOptions,
  requireMigrated: boolean,
  look: (db: Database) => Promise<Verified>,
): Promise<void> {
  const { url } = await requireTarget();
  const db = await connect({ url, max: 2, requireMigrated, statementTimeoutMs: 0 });
  try {
    const { checks, findings } = await look(db);
    const clean = findings.length === 0;
    const outcome = clean ? 'clean' : `findings: ${findings.length}`;
    printReport(
      {
        command,
        url,
        exitCode: clean ? exitCodes.done : exitCodes.findings,
        facts: { clean, checks, findings },
        lines: [...findings.map(describe), `${nameTarget(url)}: ${outcome}.`],
      },
      options,
    );
  } finally {
    await db.close();
  }
}

function describe({ check, kind, keys, field, expected, actual }: DatabaseFinding): string {
  const parts = [
    `${check}: ${kind}`,
    ...Object.entries(keys).map(([name, value]) => `${name} ${value}`),
    ...(field === null ? [] : [`differs in: ${field}`]),
    ...(expected === null ? [] : [`expected: ${expected}`]),
    ...(actual === null ? [] : [`is: ${actual}`]),
  ];
  return parts.join(', ');
}
