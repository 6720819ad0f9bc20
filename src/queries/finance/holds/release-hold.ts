import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import type { LedgerTransaction } from '../transfers/ledger-transaction.ts';
import { details, hashRequest } from '../transfers/request.ts';
import { userId } from '../wallets/wallet-ref.ts';
import { resolveHold } from './resolve-hold.ts';

const input = () =>
  z.strictObject({
    userId,
    holdId: uuid,
    idempotencyKey: details.idempotencyKey,
    description: details.description,
  });

/**
 * Frees held money. A hold is resolved once.
 *
 * @throws NotFoundError if there is no such hold
 * @throws RejectedError HOLD_RESOLVED or HOLD_EXPIRED
 * @throws IdempotencyConflictError if the key belongs to another request
 */
export async function releaseHold(
  db: Db,
  params: {
    /** The user whose money is held: a UUID. */
    userId: string;
    /** The hold: the id of the transaction that `placeHold` returned. */
    holdId: string;
    /** 1 to 200 characters, not beginning with `azora:`, the user's own. */
    idempotencyKey: string;
    /** 1 to 500 characters. Default: none. */
    description?: string | undefined;
  },
): Promise<LedgerTransaction> {
  const { idempotencyKey, ...request } = parseInput(input, params);
  return resolveHold(db, {
    ...request,
    key: idempotencyKey,
    hash: hashRequest('release hold', request),
    payee: null,
    amount: null,
  });
}
