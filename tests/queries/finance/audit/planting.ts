import { expect } from 'vitest';
import type { Db } from '../../../../src/db/session.ts';
import { auditLedger } from '../../../../src/queries/finance/index.ts';
import { SOUND } from '../bundle.ts';

type Database = Db & { readonly $client: import('pg').Pool };

/** Runs statements behind the triggers' back, in one transaction. */
export async function plant(db: Database, ...statements: string[]): Promise<void> {
  const client = await db.$client.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    for (const text of statements) await client.query(text);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Plants a fault, sees the audit report exactly these findings, heals it, and sees a sound ledger again. */
export async function expectFindings(
  db: Database,
  { fault, cure }: { fault: string[]; cure: string[] },
  findings: readonly object[],
): Promise<void> {
  await plant(db, ...fault);
  const { findings: found } = await auditLedger(db);
  await plant(db, ...cure);
  expect(found).toMatchObject(findings);
  expect(await auditLedger(db)).toEqual(SOUND);
}
