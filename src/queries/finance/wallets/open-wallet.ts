import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { AzoraDbError, ConstraintError, NotFoundError } from '../../../errors.ts';
import { currencyCode, parseInput } from '../../../input/validate.ts';
import { userId } from './wallet-ref.ts';
import { toWallet, WALLET_COLUMNS, type WalletBalance, type WalletRow } from './wallet-row.ts';

const input = z.strictObject({ userId, currency: currencyCode });

const insertWallet = statement<object>(
  'open_wallet',
  `insert into finance.wallets (user_id, currency)
   values ($1, $2)
   on conflict (user_id, currency) do nothing`,
);

const selectWallet = statement<WalletRow>(
  'opened_wallet',
  `select ${WALLET_COLUMNS}
   from finance.wallets
   where user_id = $1
     and currency = $2`,
);

/**
 * Opens a user's wallet in a currency and returns it; the existing one if there is one, open or closed.
 *
 * @throws NotFoundError if the user does not exist
 * @throws AzoraDbError UNKNOWN_CURRENCY if the platform does not have the currency
 */
export async function openWallet(
  db: Db,
  params: { userId: string; currency: string },
): Promise<WalletBalance> {
  const wallet = parseInput(input, params);
  const values = [wallet.userId, wallet.currency];
  const [existing] = await selectWallet(db, values);
  if (existing !== undefined) return toWallet(existing);
  await insertWallet(db, values).catch((error: unknown) => {
    throw explain(error);
  });
  const [opened] = await selectWallet(db, values);
  if (opened === undefined) throw new NotFoundError('wallet', ['userId', 'currency']);
  return toWallet(opened);
}

function explain(error: unknown): unknown {
  if (!(error instanceof ConstraintError)) return error;
  if (error.constraint === 'wallets_holder_id_fkey') return new NotFoundError('user', ['userId']);
  if (error.constraint === 'wallets_currency_fkey') {
    return new AzoraDbError('UNKNOWN_CURRENCY', 'the platform does not have this currency');
  }
  return error;
}
