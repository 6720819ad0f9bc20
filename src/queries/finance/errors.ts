import { AzoraDbError } from '../../errors.ts';
import {
  type FailureCode,
  RejectedError,
  type RejectionFacts,
  UnknownCurrencyError,
} from '../../rule-errors.ts';
import { toWalletRef } from './wallets/wallet-ref.ts';

export { type FailureCode, RejectedError, UnknownCurrencyError };

/** What the database keeps about a refusal: ids and amounts as text. */
type FailureFacts = Record<string, string>;

export interface Refusal {
  code: FailureCode;
  facts: FailureFacts;
  transactionId: string;
  requested: bigint;
}

function factsOf({ facts, transactionId, requested }: Refusal): RejectionFacts {
  const { userId, currency } = facts;
  const wallet = userId && currency ? toWalletRef(userId, currency) : undefined;
  return { transactionId, requested, wallet };
}

/** The payer's wallet has less than was asked for. */
export class InsufficientFundsError extends RejectedError {
  /** The most that could have been spent, in minor units: posted - held + credit limit. */
  readonly available: bigint;

  constructor(refusal: Refusal) {
    super(refusal.code, 'the wallet has less available than was requested', factsOf(refusal));
    this.available = BigInt(refusal.facts.available ?? 0);
  }
}

/** The payee's wallet cannot hold so much: balances end at 2^63 - 1 minor units. */
export class BalanceLimitError extends RejectedError {
  /** The most that could have been received, in minor units. */
  readonly available: bigint;

  constructor(refusal: Refusal) {
    const message = 'the balance of the receiving wallet would exceed what 8 bytes hold';
    super(refusal.code, message, factsOf(refusal));
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
  UNKNOWN_CURRENCY: '',
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
  if (refusal.code === 'UNKNOWN_CURRENCY') return new UnknownCurrencyError(factsOf(refusal));
  return new RejectedError(refusal.code, messages[refusal.code], factsOf(refusal));
}
