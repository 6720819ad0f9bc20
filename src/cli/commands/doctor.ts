import { connect } from '../../db/connect.ts';
import { checkDatabase, type DatabaseFinding } from '../../doctor/index.ts';
import type { SealHead } from '../../queries/finance/index.ts';
import { print, tell } from '../output.ts';
import { findTarget, nameTarget } from '../target.ts';

/** Says what is wrong with the database; exits 1 if anything is. */
export async function doctor(options: { head?: SealHead }): Promise<void> {
  const target = await findTarget();
  if (target === null) {
    print('No embedded PostgreSQL is running here, and DATABASE_URL is not set.');
    process.exitCode = 1;
    return;
  }
  const db = await connect({
    url: target.url,
    max: 2,
    requireMigrated: false,
    statementTimeoutMs: 0,
  });
  try {
    const { clean, findings } = await checkDatabase(db, {
      head: options.head,
      onCheck: (check) => tell(`looking at: ${check}`),
    });
    for (const finding of findings) print(describe(finding));
    print(`${nameTarget(target.url)}: ${clean ? 'clean' : `findings: ${findings.length}`}.`);
    if (!clean) process.exitCode = 1;
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
