import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, toPage } from '../../../input/cursor.ts';
import { currencyCode, limit, parseInput } from '../../../input/validate.ts';
import type { Page, PageParams } from '../../page.ts';
import { toBalance, type WalletBalance, type WalletRow, walletList } from './wallet-balance.ts';
import { userId } from './wallet-ref.ts';

const cursor = defineCursor('wallets', currencyCode);
const input = () => z.strictObject({ userId, limit: limit(), cursor: cursor.field });

const selectWallets = statement<WalletRow, [userId: string, after: string, limit: number]>(
  'select_wallets',
  `select ${walletList}
   from finance.wallets
   where user_id = $1
     and currency collate "C" > $2
   order by currency collate "C"
   limit $3`,
);

/**
 * A user's wallets in order of currency code, letter by letter in every database: Lithuanian would
 * have Y after I. They are few and are sorted.
 */
export async function listWallets(
  db: Db,
  params: PageParams & {
    /** The user whose wallets they are: a UUID. */
    userId: string;
  },
): Promise<Page<WalletBalance>> {
  const page = parseInput(input, params);
  const rows = await selectWallets(db, [page.userId, page.cursor ?? '', page.limit + 1]);
  return toPage(rows.map(toBalance), page.limit, (last) => cursor.encode(last.currency));
}
