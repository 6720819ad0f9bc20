import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { currencyCode, parseInput } from '../../../input/validate.ts';
import { toBalance, type WalletBalance, type WalletRow, walletList } from './wallet-balance.ts';
import { userId } from './wallet-ref.ts';

const input = () => z.strictObject({ userId, currency: currencyCode });

const closedWallet = statement<WalletRow, [userId: string, currency: string]>(
  'closed_wallet',
  `update finance.wallets
   set status = 'CLOSED', closed_at = coalesce(closed_at, clock_timestamp())
   where user_id = $1
     and currency = $2
   returning ${walletList}`,
);

/**
 * Closes an empty wallet: nothing moves in it any more, and its history stays. Closing it again
 * changes nothing.
 *
 * @throws NotFoundError if it was never opened
 * @throws WalletNotEmptyError if it has a balance or open holds
 */
export async function closeWallet(
  db: Db,
  params: {
    /** The user whose wallet it is: a UUID. */
    userId: string;
    /** The code of the wallet's currency, such as `ZAR`. */
    currency: string;
  },
): Promise<WalletBalance> {
  const wallet = parseInput(input, params);
  const [row] = await closedWallet(db, [wallet.userId, wallet.currency]);
  if (row === undefined) throw new NotFoundError('wallet', ['userId', 'currency']);
  return toBalance(row);
}
