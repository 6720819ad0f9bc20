import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import { transaction } from '../../transaction.ts';
import { limit, parseInput } from '../../validate.ts';
import { auditChecks, type FindingKind } from './audit-checks.ts';
import { toWalletRef, type WalletRef } from './wallet-ref.ts';

/** Something in the ledger that cannot be, and where. */
export interface Finding {
  readonly kind: FindingKind;
  readonly wallet: WalletRef | null;
  /** Of the entry, if it is about one. */
  readonly version: bigint | null;
  /** The transaction's key; for ORPHAN_HOLD the hold's. */
  readonly transaction: { readonly userId: string; readonly id: string } | null;
  readonly expected: string | null;
  readonly actual: string | null;
}

interface FindingRow {
  readonly kind: FindingKind;
  readonly user_id: string | null;
  readonly currency: string | null;
  readonly version: bigint | null;
  readonly transaction_user_id: string | null;
  readonly transaction_id: string | null;
  readonly expected: string | null;
  readonly actual: string | null;
}

const input = z.strictObject({ limit: limit({ max: 10_000, fallback: 1_000 }) });
const checks = auditChecks.map(({ label, text }) => statement<FindingRow>(label, text));

/**
 * Recomputes the whole ledger from its entries and returns what does not agree, which is nothing when it is sound; at
 * most `limit` findings of each check.
 *
 * It reads one snapshot and blocks nobody. The server groups and sorts within its `work_mem` and spills to disk, so
 * memory stays bounded whatever the size; but vacuum waits for the snapshot, so run it on a replica when it takes long.
 */
export async function auditLedger(db: Db, params: { limit?: number } = {}): Promise<Finding[]> {
  const page = parseInput(input, params);
  const audit = async (tx: Db) => {
    await tx.execute(sql`set local statement_timeout = 0`);
    const findings: Finding[] = [];
    for (const check of checks) {
      const rows = await check(tx, [page.limit]);
      findings.push(...rows.map(toFinding));
    }
    return findings;
  };
  return transaction(db, audit, { isolation: 'repeatable read', accessMode: 'read only' });
}

function toFinding(row: FindingRow): Finding {
  const { user_id: owner, currency, transaction_user_id: initiator, transaction_id: id } = row;
  return {
    kind: row.kind,
    wallet: owner && currency ? toWalletRef(owner, currency) : null,
    version: row.version,
    transaction: initiator && id ? { userId: initiator, id } : null,
    expected: row.expected,
    actual: row.actual,
  };
}
