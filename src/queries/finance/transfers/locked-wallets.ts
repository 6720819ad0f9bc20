import { columns, type RowOf } from '../../../db/columns.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { wallets } from '../../../schema/finance/wallets.ts';
import type { TransferRequest } from './request.ts';

const walletKey = columns(wallets, ['userId', 'currency']);

// What a posting locks, in the same mode; the locks are gone when the statement ends.
const lockedWallets = statement<RowOf<typeof walletKey>, [owners: string[], currencies: string[]]>(
  'locked_wallets',
  `with free_wallets as (
     select user_id, currency
     from finance.wallets
     where (user_id, currency) in (select unnest($1::uuid[]), unnest($2::text[]))
     for no key update skip locked
   )
   select ${walletKey.list}
   from finance.wallets
   where (user_id, currency) in (select unnest($1::uuid[]), unnest($2::text[]))
   except
   select user_id, currency
   from free_wallets
   order by "userId", currency`,
);

/**
 * The wallets of these transfers that somebody else has locked right now, as `walletsOf` names
 * them. Waits for none.
 */
export async function findLockedWallets(
  db: Db,
  requests: readonly TransferRequest[],
): Promise<ReadonlySet<string>> {
  const rows = await lockedWallets(db, [
    requests.flatMap(({ from, to }) => [from, to]),
    requests.flatMap(({ currency }) => [currency, currency]),
  ]);
  return new Set(rows.map(({ userId, currency }) => `${userId} ${currency}`));
}

/** The two wallets of a transfer, in the order in which they are locked. */
export function walletsOf({ from, to, currency }: TransferRequest): string[] {
  return [from, to].sort().map((owner) => `${owner} ${currency}`);
}
