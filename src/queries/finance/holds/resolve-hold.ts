import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { retryConflicts } from '../transfers/retry-conflicts.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  TRANSACTION_COLUMNS,
  type TransactionRow,
} from '../transfers/transaction-row.ts';

export interface HoldResolution {
  readonly userId: string;
  readonly holdId: string;
  readonly key: string;
  readonly hash: Buffer;
  /** Who gets the money; nobody when it is released. */
  readonly payee: string | null;
  /** Null for all of it. */
  readonly amount: bigint | null;
  readonly occurredAt?: Date | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
}

const resolve = statement<TransactionRow>(
  'resolve_hold',
  `select ${TRANSACTION_COLUMNS}
   from finance.resolve_hold($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** Captures or releases a hold, in one round trip. */
export async function resolveHold(db: Db, request: HoldResolution): Promise<LedgerTransaction> {
  const values = [
    request.userId,
    request.holdId,
    request.key,
    request.hash,
    request.payee,
    request.amount,
    request.occurredAt ?? null,
    request.description ?? null,
    JSON.stringify(request.metadata ?? {}),
  ];
  const [row] = await retryConflicts(db, () => resolve(db, values));
  if (row === undefined) throw new NotFoundError('hold', ['userId', 'holdId']);
  return settleOutcome(row, request.hash);
}
