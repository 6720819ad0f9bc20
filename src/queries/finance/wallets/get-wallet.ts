import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput } from '../../../input/validate.ts';
import { ownerOf, type WalletRef, walletRef } from './wallet-ref.ts';
import { toWallet, WALLET_COLUMNS, type WalletBalance, type WalletRow } from './wallet-row.ts';

const selectWallet = statement<WalletRow>(
  'get_wallet',
  `select ${WALLET_COLUMNS}
   from finance.wallets
   where user_id = $1
     and currency = $2`,
);

/**
 * One wallet with its balance: a read of one row by its primary key.
 *
 * @throws NotFoundError if it was never opened
 */
export async function getWallet(db: Db, params: WalletRef): Promise<WalletBalance> {
  const wallet = parseInput(walletRef, params);
  const [row] = await selectWallet(db, [ownerOf(wallet), wallet.currency]);
  if (row === undefined) throw new NotFoundError('wallet', Object.keys(wallet));
  return toWallet(row);
}
