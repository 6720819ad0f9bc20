import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { amount, parseInput, uuid } from '../../../input/validate.ts';
import type { LedgerTransaction } from '../transfers/ledger-transaction.ts';
import { details, hashRequest, type RequestDetails } from '../transfers/request.ts';
import { ownerOf, type SystemWallet, systemWallet, userId } from '../wallets/wallet-ref.ts';
import { resolveHold } from './resolve-hold.ts';

const recipient = z.union([z.strictObject({ userId }), z.strictObject({ system: systemWallet })], {
  error: 'must be { userId } or { system }',
});

const input = () =>
  z
    .strictObject({
      userId,
      holdId: uuid,
      to: recipient,
      amount: amount.optional(),
      ...details,
    })
    .refine(({ userId: owner, to }) => !('userId' in to) || to.userId !== owner, {
      path: ['to'],
      error: 'must be another wallet than the one that is held',
    });

/** Who gets the money of a hold, and how much of it. */
export interface CaptureParams extends RequestDetails {
  /** The user whose money is held: a UUID. */
  userId: string;
  /** The hold: the id of the transaction that `placeHold` returned. */
  holdId: string;
  /** The wallet in the currency of the hold that gets the money. */
  to:
    | {
        /** A user other than the holder: a UUID. */
        userId: string;
      }
    | {
        /** One of the platform's wallets. */
        system: SystemWallet;
      };
  /** In minor units, from 1; default all of it. The rest is free again. */
  amount?: bigint | undefined;
}

/**
 * Moves held money to another wallet, wholly or in part, and frees the rest. A hold is resolved
 * once.
 *
 * @throws NotFoundError if there is no such hold
 * @throws RejectedError HOLD_RESOLVED, HOLD_EXPIRED or HOLD_EXCEEDED, and what `transfer` throws
 */
export async function captureHold(db: Db, params: CaptureParams): Promise<LedgerTransaction> {
  const { idempotencyKey, ...request } = parseInput(input, params);
  return resolveHold(db, {
    ...request,
    key: idempotencyKey,
    hash: hashRequest('capture hold', request),
    payee: ownerOf({ ...request.to, currency: '' }),
    amount: request.amount ?? null,
  });
}
