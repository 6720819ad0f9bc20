import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { amount, parseInput, uuid } from '../../../input/validate.ts';
import type { FailureCode } from '../errors.ts';
import { ownerOf } from '../wallets/wallet-ref.ts';
import { getTransaction, type TransactionDetail } from './get-transaction.ts';
import type { LedgerTransaction, TransactionType } from './ledger-transaction.ts';
import { type Leg, postLegs } from './post-legs.ts';
import { details, hashRequest, type RequestDetails } from './request.ts';

/** What a reversal undoes, and how much of it. */
export interface ReversalParams extends RequestDetails {
  /** The owner who started the transaction: a UUID. */
  userId: string;
  /** The transaction that is undone: a UUID. */
  transactionId: string;
  /** In minor units, from 1; default all of it. */
  amount?: bigint | undefined;
}

const input = () =>
  z.strictObject({
    userId: uuid,
    transactionId: uuid,
    amount: amount.optional(),
    ...details,
  });

const reversible: readonly TransactionType[] = [
  'TRANSFER',
  'DEPOSIT',
  'WITHDRAWAL',
  'EXCHANGE',
  'CAPTURE',
];

/**
 * Moves the money of a transaction back, wholly or in part, in a transaction of its own that names
 * the first. A transaction is reversed once, also when the reversal was of a part. Payments are
 * undone by `refundPayment`, rewards not at all. `amount` of an exchange is in the currency that
 * was given; the customer gives back the same share of what was received, rounded up to a minor
 * unit, and never more than all of it.
 *
 * What can never succeed is refused before what may later: once it is reversed, every other
 * reversal is ALREADY_REVERSED.
 *
 * @throws NotFoundError if there is no such transaction
 * @throws RejectedError NOT_REVERSIBLE, ALREADY_REVERSED or REVERSAL_EXCEEDED
 * @throws InsufficientFundsError if who got the money does not have it any more
 * @throws what `transfer` throws
 */
export async function reverseTransaction(
  db: Db,
  params: ReversalParams,
): Promise<LedgerTransaction> {
  const { idempotencyKey, ...request } = parseInput(input, params);
  const original = await getTransaction(db, { userId: request.userId, id: request.transactionId });
  const isReversible = original.status === 'COMPLETED' && reversible.includes(original.type);
  return postReversal(db, original, {
    ...request,
    key: idempotencyKey,
    hash: hashRequest('reverse', request),
    type: 'REVERSAL',
    refusal: isReversible ? undefined : 'NOT_REVERSIBLE',
  });
}

export interface Reversal {
  key: string;
  hash: Buffer;
  type: TransactionType;
  amount?: bigint | undefined;
  refusal?: FailureCode | undefined;
  occurredAt?: Date | undefined;
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

/** Posts the opposite of a transaction, which never changes once it is there. */
export async function postReversal(
  db: Db,
  original: TransactionDetail,
  reversal: Reversal,
): Promise<LedgerTransaction> {
  const undone = reversal.amount ?? original.amount;
  const refusal = reversal.refusal ?? findExcess(original, undone);
  // What is refused moves nothing, and the legs of too large an amount need not fit into 8 bytes.
  const undoing = refusal === undefined ? original.entries : [];
  return postLegs(db, {
    ...reversal,
    initiator: original.userId,
    currency: original.currency,
    amount: undone,
    legs: undoing.map((entry) => opposite(entry, original, undone)),
    reversesId: original.id,
    refusal,
  });
}

function findExcess(original: TransactionDetail, undone: bigint): FailureCode | undefined {
  if (undone > original.amount) return 'REVERSAL_EXCEEDED';
  const isPartOfMany = undone < original.amount && original.entries.length > 2;
  return isPartOfMany && original.type !== 'EXCHANGE' ? 'NOT_REVERSIBLE' : undefined;
}

function opposite(
  { wallet, amount: moved }: TransactionDetail['entries'][number],
  original: TransactionDetail,
  undone: bigint,
): Leg {
  const size = moved < 0n ? -moved : moved;
  // The leg's share of the whole, rounded up: exact for legs of the transaction's own amount, and
  // for those of an exchange's other currency, which the customer gives back, against the customer.
  const part = (size * undone + original.amount - 1n) / original.amount;
  return {
    owner: ownerOf(wallet),
    currency: wallet.currency,
    amount: moved < 0n ? part : -part,
  };
}
