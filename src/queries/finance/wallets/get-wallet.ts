import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput } from '../../../input/validate.ts';
import { selectWallet, toBalance, type WalletBalance } from './wallet-balance.ts';
import { ownerOf, type WalletRef, walletRef } from './wallet-ref.ts';

/**
 * One wallet with its balance: a read of one row by its primary key.
 *
 * @throws NotFoundError if it was never opened
 */
export async function getWallet(db: Db, params: WalletRef): Promise<WalletBalance> {
  const wallet = parseInput(walletRef, params);
  const [row] = await selectWallet(db, [ownerOf(wallet), wallet.currency]);
  if (row === undefined) throw new NotFoundError('wallet', Object.keys(wallet));
  return toBalance(row);
}
