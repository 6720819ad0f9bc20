import { z } from 'zod';
import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { amount, currencyCode, instant, parseInput } from '../../../input/validate.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  type TransactionRow,
  transactionList,
} from '../transfers/ledger-transaction.ts';
import { details, hashRequest, type RequestDetails } from '../transfers/request.ts';
import { userId } from '../wallets/wallet-ref.ts';

const { idempotencyKey: key, description, metadata } = details;
const input = () =>
  z.strictObject({
    userId,
    currency: currencyCode,
    amount,
    expiresAt: instant,
    idempotencyKey: key,
    description,
    metadata,
  });

/** Money to be set aside. */
export interface HoldParams extends Omit<RequestDetails, 'occurredAt'> {
  /** The user whose money is set aside: a UUID. */
  userId: string;
  /** The code of the wallet's currency, such as `ZAR`. */
  currency: string;
  /** In minor units, from 1 to 2^63 - 1. */
  amount: bigint;
  /** When it is free again by itself: still to come, and not after the year 9999. */
  expiresAt: Date;
}

const placedHold = statement<
  TransactionRow,
  [
    owner: string,
    currency: string,
    key: string,
    hash: Buffer,
    amount: bigint,
    expiresAt: Date,
    description: string | null,
    metadata: string,
  ]
>(
  'placed_hold',
  `select ${transactionList}
   from finance.place_hold(
     owner => $1,
     of_currency => $2,
     request_key => $3,
     hash => $4,
     set_aside => $5,
     until => $6,
     about => $7,
     extra => $8
   )`,
);

/**
 * Sets money of a user's wallet aside until it is captured, released or expires. The id of the
 * returned transaction is the id of the hold.
 *
 * @throws InsufficientFundsError with what was available and what was requested
 * @throws RejectedError HOLD_EXPIRED if `expiresAt` has passed by the database's clock; what
 *   `transfer` throws
 */
export async function placeHold(db: Db, params: HoldParams): Promise<LedgerTransaction> {
  const { idempotencyKey, ...request } = parseInput(input, params);
  const hash = hashRequest('place hold', request);
  const rows = await retryConflicts(db, () =>
    placedHold(db, [
      request.userId,
      request.currency,
      idempotencyKey,
      hash,
      request.amount,
      request.expiresAt,
      request.description ?? null,
      JSON.stringify(request.metadata ?? {}),
    ]),
  );
  return settleOutcome(only(rows), hash);
}
