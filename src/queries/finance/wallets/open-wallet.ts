import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { currencyCode, parseInput } from '../../../input/validate.ts';
import { wallets } from '../../../schema/finance/wallets.ts';
import { selectWallet, toBalance, type WalletBalance } from './wallet-balance.ts';
import { userId } from './wallet-ref.ts';

const input = () => z.strictObject({ userId, currency: currencyCode });

const insertedWallet = prepared(
  'inserted_wallet',
  { userId: wallets.userId, currency: wallets.currency },
  (query, values) =>
    query
      .insert(wallets)
      .values(values)
      .onConflictDoNothing({ target: [wallets.userId, wallets.currency] })
      .returning({ version: wallets.version }),
);

/**
 * Opens a user's wallet in a currency and returns it; the existing one if there is one, open or
 * closed.
 *
 * @throws NotFoundError if the user does not exist
 * @throws UnknownCurrencyError if the platform does not have the currency
 */
export async function openWallet(
  db: Db,
  params: {
    /** The user whose wallet it is to be: a UUID. */
    userId: string;
    /** The code of a currency of the platform, such as `ZAR`. */
    currency: string;
  },
): Promise<WalletBalance> {
  const wallet = parseInput(input, params);
  const [existing] = await selectWallet(db, [wallet.userId, wallet.currency]);
  if (existing !== undefined) return toBalance(existing);
  await insertedWallet(db, wallet);
  const [opened] = await selectWallet(db, [wallet.userId, wallet.currency]);
  if (opened === undefined) throw new NotFoundError('wallet', ['userId', 'currency']);
  return toBalance(opened);
}
