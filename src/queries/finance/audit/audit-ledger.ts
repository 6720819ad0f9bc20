import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import type { Verification } from '../../finding.ts';
import type { AuditFinding, FindingKind } from './audit-check.ts';
import { purposeChecks } from './audit-purpose-checks.ts';
import { transactionChecks } from './audit-transaction-checks.ts';
import { walletChecks } from './audit-wallet-checks.ts';

const checks = [...transactionChecks, ...walletChecks, ...purposeChecks];
const input = () => z.strictObject({ limit: limit({ max: 10_000, fallback: 1_000 }) });

const selectTimeout = statement<{ timeout: string }, readonly []>(
  'select_statement_timeout',
  `select current_setting('statement_timeout') as timeout`,
);

const changedTimeout = statement<{ timeout: string }, [timeout: string]>(
  'changed_statement_timeout',
  `select set_config('statement_timeout', $1, true) as timeout`,
);

/**
 * Recomputes the whole ledger from its entries and returns what does not agree, which is nothing
 * when it is sound; at most `limit` findings of each check, 1,000 by default, check by check and
 * within one in no order. Their keys are:
 *
 * - of an entry `userId`, `currency` and `version`, of a wallet `userId` and `currency`, with its
 *   `version` where that is at hand;
 * - of a transaction `initiatorId` and `transactionId`, beside those of its entry or with the
 *   `currency`; the `field` of a broken reference is the rule that it breaks;
 * - of a hold `userId`, `currency` and `holdId`; of a payment `userId`, `paymentId` and mostly
 *   `currency`; of a reward `userId`, `currency` and `activityId`;
 * - of a sum by occurred time `userId`, `currency`, `level` and `stretch`.
 *
 * It reads one snapshot and blocks nobody; but vacuum waits for the snapshot, so run it on a
 * replica when it takes long.
 *
 * Memory is bounded whatever the size. Here it is `limit` findings of each check. In the server
 * every check is a scan with index look-ups, or sorts, hash joins and hash aggregates, which keep
 * `work_mem` (times `hash_mem_multiplier`) each, a few at a time and in each parallel worker, and
 * put the rest into temporary files: up to the size of the entries, so `temp_file_limit` has to
 * allow that. No two rows of a hash join share a key but by holds of one owner, so none has to fit
 * into memory at once. `statement_timeout` does not count meanwhile.
 *
 * Inside a transaction of the caller it needs the same snapshot for all checks: begin that one with
 * `repeatable read`.
 *
 * @throws InvalidInputError inside a transaction that is only `read committed`
 */
export async function auditLedger(
  db: Db,
  params: {
    /** How many findings of each check at most, from 1 to 10,000. Default 1,000. */
    limit?: number | undefined;
  } = {},
): Promise<Verification<FindingKind>> {
  const { limit: most } = parseInput(input, params);
  const audit = async (tx: Db) => {
    const { timeout } = only(await selectTimeout(tx));
    await changedTimeout(tx, ['0']);
    const findings: AuditFinding[] = [];
    for (const check of checks) findings.push(...(await check(tx, [most])));
    // The caller's transaction goes on with its own; after an error the rollback does the same.
    await changedTimeout(tx, [timeout]);
    return { clean: findings.length === 0, findings };
  };
  return transaction(db, audit, { isolation: 'repeatable read', accessMode: 'read only' });
}
