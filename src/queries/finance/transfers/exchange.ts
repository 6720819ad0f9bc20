import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { InvalidInputError } from '../../../errors.ts';
import { amount, currencyCode, parseInput } from '../../../input/validate.ts';
import { MAX_MINOR_UNITS } from '../../../money.ts';
import { systemOwners, userId } from '../wallets/wallet-ref.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { postLegs } from './post-legs.ts';
import { details, hashRequest, type RequestDetails } from './request.ts';

/** A change of money of one currency into another, at a rate that the caller fixed. */
export interface ExchangeParams extends RequestDetails {
  /** The user whose wallets they are: a UUID. */
  userId: string;
  /** The code of the currency that is given. */
  from: string;
  /** The code of the currency that is received: another one. */
  to: string;
  /** What is given, in minor units of `from`, from 1 to 2^63 - 1. */
  amount: bigint;
  /** Minor units of `to` for one minor unit of `from`, as a fraction: numerator / denominator. */
  rate: {
    /** From 1 to 2^63 - 1. */
    numerator: bigint;
    /** From 1 to 2^63 - 1. */
    denominator: bigint;
  };
}

const input = () =>
  z
    .strictObject({
      userId,
      from: currencyCode,
      to: currencyCode,
      amount,
      rate: z.strictObject({ numerator: amount, denominator: amount }),
      ...details,
    })
    .refine(({ from, to }) => from !== to, {
      path: ['to'],
      error: 'must be another currency than from',
    });

/**
 * Changes a user's money into another currency through the LIQUIDITY wallets of both, in one
 * transaction of four entries. The user gets `floor(amount * rate)`: what a minor unit cannot
 * express stays with the platform.
 *
 * @throws InvalidInputError if the result is nothing, or more than 8 bytes hold
 * @throws InsufficientFundsError for the user's wallet, or for LIQUIDITY
 * @throws what `transfer` throws
 */
export async function exchange(
  db: Db,
  params: ExchangeParams,
): Promise<
  LedgerTransaction & {
    /** What the user got, in minor units of `to`, rounded down; at least 1. */
    received: bigint;
  }
> {
  const { idempotencyKey, ...request } = parseInput(input, params);
  const { userId: owner, from, to, rate } = request;
  const received = (request.amount * rate.numerator) / rate.denominator;
  if (received === 0n) {
    throw new InvalidInputError('amount', 'must be worth at least one minor unit of `to`');
  }
  if (received > MAX_MINOR_UNITS) {
    throw new InvalidInputError('amount', `must be worth at most ${MAX_MINOR_UNITS} of \`to\``);
  }
  const liquidity = systemOwners.LIQUIDITY;
  const posted = await postLegs(db, {
    initiator: owner,
    key: idempotencyKey,
    hash: hashRequest('exchange', request),
    type: 'EXCHANGE',
    currency: from,
    amount: request.amount,
    legs: [
      { owner, currency: from, amount: -request.amount },
      { owner: liquidity, currency: to, amount: -received },
      { owner: liquidity, currency: from, amount: request.amount },
      { owner, currency: to, amount: received },
    ],
    rate,
    occurredAt: request.occurredAt,
    description: request.description,
    metadata: request.metadata,
  });
  return { ...posted, received };
}
