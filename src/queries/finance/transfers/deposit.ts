import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { amount, currencyCode, parseInput } from '../../../input/validate.ts';
import { userId } from '../wallets/wallet-ref.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { details, type RequestDetails, toTransferRequest } from './request.ts';
import { postTransfer } from './transfer.ts';

/** Money that a user's wallet exchanges with the world outside. */
export interface ExternalMoneyParams extends RequestDetails {
  /** The user whose wallet it is: a UUID. */
  userId: string;
  /** The code of the wallet's currency, such as `ZAR`. */
  currency: string;
  /** In minor units, from 1 to 2^63 - 1. */
  amount: bigint;
}

export const externalMoneyInput = z.strictObject({
  userId,
  currency: currencyCode,
  amount,
  ...details,
});

/**
 * Brings money from outside into a user's wallet: a transfer from EXTERNAL. All deposits of a
 * currency lock that one wallet; many at once are faster through a transfer combiner.
 *
 * @throws InsufficientFundsError for EXTERNAL if more of a currency would exist than its supply
 * @throws what `transfer` throws
 */
export async function deposit(db: Db, params: ExternalMoneyParams): Promise<LedgerTransaction> {
  const { userId: owner, currency, ...rest } = parseInput(externalMoneyInput, params);
  const from = { system: 'EXTERNAL', currency } as const;
  const to = { userId: owner, currency };
  return postTransfer(db, toTransferRequest({ ...rest, from, to, type: 'DEPOSIT' }, 'deposit'));
}
