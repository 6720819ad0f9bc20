import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { InvalidInputError } from '../../../errors.ts';
import { amount, currencyCode, parseInput } from '../../../input/validate.ts';
import { MAX_MINOR_UNITS } from '../../../money.ts';
import { systemOwners, userId } from '../wallets/wallet-ref.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { postLegs } from './post-legs.ts';
import { details, hashRequest } from './request.ts';

/** A change of money of one currency into another, at a rate that the caller fixed. */
export interface ExchangeParams {
  userId: string;
  from: string;
  to: string;
  /** What is given, in minor units of `from`. */
  amount: bigint;
  /** Minor units of `to` for one minor unit of `from`, as a fraction: numerator / denominator. */
  rate: { numerator: bigint; denominator: bigint };
  idempotencyKey: string;
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  occurredAt?: Date | undefined;
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
): Promise<LedgerTransaction & { received: bigint }> {
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
