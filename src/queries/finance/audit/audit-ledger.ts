import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import { toWalletRef, type WalletRef } from '../wallets/wallet-ref.ts';
import { auditChecks, type FindingKind } from './audit-checks.ts';

/** Something in the ledger that cannot be, and where. */
export interface Finding {
  readonly kind: FindingKind;
  readonly wallet: WalletRef | null;
  /** Of the entry, if it is about one. */
  readonly version: bigint | null;
  /**
   * The transaction's key; for ORPHAN_HOLD, EARLY_EXPIRY, PAYMENT_MISMATCH, REFERENCE_MISMATCH and REWARD_MISMATCH that
   * of the hold, payment or activity.
   */
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
 * most `limit` findings of each check, 1,000 by default, check by check and within one in no order.
 *
 * It reads one snapshot and blocks nobody; but vacuum waits for the snapshot, so run it on a replica when it takes long.
 *
 * Memory is bounded whatever the size. Here it is `limit` findings of each check. In the server every check is a scan
 * with index look-ups, or sorts, hash joins and hash aggregates, which keep `work_mem` (times `hash_mem_multiplier`)
 * each, a few at a time and in each parallel worker, and put the rest into temporary files: up to the size of the
 * entries, so `temp_file_limit` has to allow that. No two rows of a hash join share a key but by holds of one owner, so
 * none has to fit into memory at once. `statement_timeout` does not count meanwhile.
 *
 * Inside a transaction of the caller it needs the same snapshot for all checks: begin that one with `repeatable read`.
 *
 * @throws InvalidInputError inside a transaction that is only `read committed`
 */
export async function auditLedger(
  db: Db,
  params: { limit?: number | undefined } = {},
): Promise<Finding[]> {
  const page = parseInput(input, params);
  const audit = async (tx: Db) => {
    const { rows } = await tx.execute<{ timeout: string }>(
      sql`select current_setting('statement_timeout') as timeout`,
    );
    await tx.execute(sql`set local statement_timeout = 0`);
    const findings: Finding[] = [];
    for (const check of checks) {
      const found = await check(tx, [page.limit]);
      findings.push(...found.map(toFinding));
    }
    // The caller's transaction goes on with its own; after an error the rollback does the same.
    await tx.execute(sql`select set_config('statement_timeout', ${rows[0]?.timeout ?? '0'}, true)`);
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
