import { AzoraDbError } from '../../errors.ts';
import type { failureCode } from '../../schema/finance/transactions.ts';
import { type NamedWalletRef, toWalletRef } from './wallets/wallet-ref.ts';

/** Why a request was refused; the same text is kept with the failed transaction. */
export type FailureCode = (typeof failureCode.enumValues)[number];

/** What the database keeps about a refusal: ids and amounts as text. */
type FailureFacts = Record<string, string>;

/**
 * A request to move money was understood and refused. The refusal is stored under the request's
 * key, as the failed transaction `transactionId`, and the same request gets it again, whatever the
 * balances are by then.
 *
 * Unless it was rolled back, as it is when it is thrown out of a `transaction()`, and by
 * `settlePayment`, `refundPayment` and `rewardMiningActivity`, which do nothing when they are
 * refused: then `transactionId` names nothing, and the same request is tried again.
 */
export class RejectedError extends AzoraDbError {
  declare readonly code: FailureCode;
  readonly transactionId: string;
  /** The wallet that refused, if it was a wallet. */
  readonly wallet: NamedWalletRef | undefined;
  /** What was asked for, in minor units. */
  readonly requested: bigint;

  constructor(refusal: Refusal, message: string) {
    super(refusal.code, message);
    this.transactionId = refusal.transactionId;
    this.requested = refusal.requested;
    const { userId, currency } = refusal.facts;
    this.wallet = userId && currency ? toWalletRef(userId, currency) : undefined;
  }
}

export interface Refusal {
  code: FailureCode;
  facts: FailureFacts;
  transactionId: string;
  requested: bigint;
}

/** The payer's wallet has less than was asked for. */
export class InsufficientFundsError extends RejectedError {
  /** The most that could have been spent, in minor units: posted - held + credit limit. */
  readonly available: bigint;

  constructor(refusal: Refusal) {
    super(refusal, 'the wallet has less available than was requested');
    this.available = BigInt(refusal.facts.available ?? 0);
  }
}

/** The payee's wallet cannot hold so much: balances end at 2^63 - 1 minor units. */
export class BalanceLimitError extends RejectedError {
  /** The most that could have been received, in minor units. */
  readonly available: bigint;

  constructor(refusal: Refusal) {
    super(refusal, 'the balance of the receiving wallet would exceed what 8 bytes hold');
    this.available = BigInt(refusal.facts.available ?? 0);
  }
}

/** The key was used before, for another request. Nothing was done. */
export class IdempotencyConflictError extends AzoraDbError {
  /** The transaction that the key belongs to; null if it belongs to a mining activity. */
  readonly transactionId: string | null;

  constructor(transactionId: string | null) {
    super('IDEMPOTENCY_CONFLICT', 'the idempotency key belongs to another request: use a new key');
    this.transactionId = transactionId;
  }
}

/** The combiner was closed before this call. Nothing was done. */
export class CombinerClosedError extends AzoraDbError {
  constructor() {
    super('COMBINER_CLOSED', 'the combiner is closed: make a new one');
  }
}

/** Another payment has this provider's reference. */
export class ReferenceTakenError extends AzoraDbError {
  constructor() {
    super('REFERENCE_TAKEN', 'another payment has this reference of the provider');
  }
}

const messages: Readonly<Record<FailureCode, string>> = {
  UNKNOWN_CURRENCY: 'the platform does not have this currency',
  WALLET_NOT_FOUND: 'the wallet does not exist: open it first',
  WALLET_CLOSED: 'the wallet is closed',
  INSUFFICIENT_FUNDS: '',
  BALANCE_LIMIT: '',
  HOLD_RESOLVED: 'the hold was captured or released before',
  HOLD_EXPIRED: 'the hold has expired',
  HOLD_EXCEEDED: 'the hold is smaller than what was to be captured',
  NOT_REVERSIBLE: 'a transaction of this kind cannot be reversed so',
  ALREADY_REVERSED: 'the transaction was reversed before',
  REVERSAL_EXCEEDED: 'the transaction was smaller than what was to be reversed',
  BATCH_REJECTED: 'another transfer of the same atomic batch was rejected',
};

/** The error that a stored refusal stands for. */
export function toRejection(refusal: Refusal): RejectedError {
  if (refusal.code === 'INSUFFICIENT_FUNDS') return new InsufficientFundsError(refusal);
  if (refusal.code === 'BALANCE_LIMIT') return new BalanceLimitError(refusal);
  return new RejectedError(refusal, messages[refusal.code]);
}
