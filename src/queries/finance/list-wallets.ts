import { z } from 'zod';
import { defineCursor } from '../../cursor.ts';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import { currencyCode, limit, parseInput } from '../../validate.ts';
import { userId } from './wallet-ref.ts';
import { toWallet, WALLET_COLUMNS, type WalletBalance, type WalletRow } from './wallet-row.ts';

const cursor = defineCursor('wallets', currencyCode);
const input = z.strictObject({ userId, limit: limit(), cursor: cursor.field });

const selectWallets = statement<WalletRow>(
  'list_wallets',
  `select ${WALLET_COLUMNS}
   from finance.wallets
   where user_id = $1
     and currency > $2
   order by currency
   limit $3`,
);

/** A user's wallets in order of currency code. */
export async function listWallets(
  db: Db,
  params: { userId: string; limit?: number | undefined; cursor?: string | undefined },
): Promise<{ items: WalletBalance[]; nextCursor: string | null }> {
  const page = parseInput(input, params);
  const rows = await selectWallets(db, [page.userId, page.cursor ?? '', page.limit + 1]);
  const items = rows.slice(0, page.limit).map(toWallet);
  const last = items.at(-1);
  const hasMore = rows.length > page.limit && last !== undefined;
  return { items, nextCursor: hasMore ? cursor.encode(last.currency) : null };
}
