import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { amount, currencyCode, instant, parseInput } from '../../../input/validate.ts';
import { details, hashRequest } from '../transfers/request.ts';
import { retryConflicts } from '../transfers/retry-conflicts.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  TRANSACTION_COLUMNS,
  type TransactionRow,
} from '../transfers/transaction-row.ts';
import { userId } from '../wallets/wallet-ref.ts';

const { idempotencyKey: key, description, metadata } = details;
const input = z.strictObject({
  userId,
  currency: currencyCode,
  amount,
  expiresAt: instant,
  idempotencyKey: key,
  description,
  metadata,
});

/** Money to be set aside. */
export interface HoldParams {
  readonly userId: string;
  readonly currency: string;
  /** In minor units, above zero. */
  readonly amount: bigint;
  /** When it is free again by itself. */
  readonly expiresAt: Date;
  readonly idempotencyKey: string;
  readonly description?: string | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
}

const place = statement<TransactionRow>(
  'place_hold',
  `select ${TRANSACTION_COLUMNS}
   from finance.place_hold($1, $2, $3, $4, $5, $6, $7, $8)`,
);

/**
 * Sets money of a user's wallet aside until it is captured, released or expires. The id of the returned
 * transaction is the id of the hold.
 *
 * @throws InsufficientFundsError with what was available and what was requested
 * @throws RejectedError HOLD_EXPIRED if `expiresAt` has passed by the database's clock; what `transfer` throws
 */
export async function placeHold(db: Db, params: HoldParams): Promise<LedgerTransaction> {
  const { idempotencyKey, ...request } = parseInput(input, params);
  const hash = hashRequest('place hold', request);
  const values = [
    request.userId,
    request.currency,
    idempotencyKey,
    hash,
    request.amount,
    request.expiresAt,
    request.description ?? null,
    JSON.stringify(request.metadata ?? {}),
  ];
  const row = only(await retryConflicts(db, () => place(db, values)));
  return settleOutcome(row, hash);
}
