import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  type TransactionRow,
  transactionList,
} from '../transfers/ledger-transaction.ts';

export interface HoldResolution {
  userId: string;
  holdId: string;
  key: string;
  hash: Buffer;
  /** Who gets the money; nobody when it is released. */
  payee: string | null;
  /** Null for all of it. */
  amount: bigint | null;
  occurredAt?: Date | undefined;
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

const resolvedHold = statement<
  TransactionRow,
  [
    owner: string,
    holdId: string,
    key: string,
    hash: Buffer,
    payee: string | null,
    amount: bigint | null,
    occurredAt: Date | null,
    description: string | null,
    metadata: string,
  ]
>(
  'resolved_hold',
  `select ${transactionList}
   from finance.resolve_hold(
     owner => $1,
     hold_id => $2,
     request_key => $3,
     hash => $4,
     payee => $5,
     captured => $6,
     happened_at => $7,
     about => $8,
     extra => $9
   )`,
);

/** Captures or releases a hold, in one round trip. */
export async function resolveHold(db: Db, request: HoldResolution): Promise<LedgerTransaction> {
  const [row] = await retryConflicts(db, () =>
    resolvedHold(db, [
      request.userId,
      request.holdId,
      request.key,
      request.hash,
      request.payee,
      request.amount,
      request.occurredAt ?? null,
      request.description ?? null,
      JSON.stringify(request.metadata ?? {}),
    ]),
  );
  if (row === undefined) throw new NotFoundError('hold', ['userId', 'holdId']);
  return settleOutcome(row, request.hash);
}
