import { AzoraDbError } from './errors.ts';
import type { NamedWalletRef } from './queries/finance/wallets/wallet-ref.ts';
import type { failureCode } from './schema/finance/transactions.ts';

/** Why a request was refused; the same text is kept with the failed transaction. */
export type FailureCode = (typeof failureCode.enumValues)[number];

/** What a refusal is about, as far as it is known. */
export interface RejectionFacts {
  /** The failed transaction that keeps the refusal: a UUID. */
  readonly transactionId?: string | undefined;
  /** The wallet that refused. */
  readonly wallet?: RejectedError['wallet'];
  /** What was asked for, in minor units. */
  readonly requested?: bigint | undefined;
}

/**
 * A request was understood and refused. A request to move money is stored with its refusal, under
 * its key, as the failed transaction `transactionId`, and the same request gets it again, whatever
 * the balances are by then.
 *
 * Unless it was rolled back, as it is when it is thrown out of a `transaction()`, and by
 * `settlePayment`, `refundPayment` and `rewardMiningActivity`, which do nothing when they are
 * refused: then `transactionId` names nothing, and the same request is tried again.
 */
export class RejectedError extends AzoraDbError {
  /** Why it was refused: see the table of docs/errors.md. */
  declare readonly code: FailureCode;
  /** Null where no request was stored: see `UnknownCurrencyError`. */
  readonly transactionId: string | null;
  /** The wallet that refused, if it was a wallet. */
  readonly wallet: NamedWalletRef | undefined;
  /** What was asked for, in minor units; null where it was no amount. */
  readonly requested: bigint | null;

  constructor(code: FailureCode, message: string, facts: RejectionFacts = {}) {
    super(code, message);
    this.transactionId = facts.transactionId ?? null;
    this.wallet = facts.wallet;
    this.requested = facts.requested ?? null;
  }
}

/**
 * The platform does not have this currency, whatever was to be done in it. Only a request to move
 * money is stored, and has a `transactionId` and what was `requested`.
 */
export class UnknownCurrencyError extends RejectedError {
  constructor(facts?: RejectionFacts) {
    super('UNKNOWN_CURRENCY', 'the platform does not have this currency', facts);
  }
}

/** There is one already. `keys` are the names of the parameters that it is known by. */
export class AlreadyExistsError extends AzoraDbError {
  /** What there is already, such as `application`. */
  readonly entity: string;
  /** The names, not the values, of the parameters that it is known by. */
  readonly keys: readonly string[];

  constructor(entity: string, keys: readonly string[]) {
    super('ALREADY_EXISTS', `there is already one ${entity} with this ${keys.join(', ')}`);
    this.entity = entity;
    this.keys = keys;
  }
}

/** The job takes no applications: it is filled, closed, expired or deleted. */
export class JobNotOpenError extends AzoraDbError {
  constructor() {
    super('JOB_NOT_OPEN', 'the job takes no applications: it is filled, closed, over or deleted');
  }
}

/** A wallet that is to be closed has a balance or open holds. */
export class WalletNotEmptyError extends AzoraDbError {
  constructor() {
    super('WALLET_NOT_EMPTY', 'only an empty wallet without holds can be closed');
  }
}
