import { columns, type RowOf } from '../../../db/columns.ts';
import { statement } from '../../../db/statement.ts';
import { wallets } from '../../../schema/finance/wallets.ts';

const walletColumns = columns(wallets, [
  'userId',
  'currency',
  'kind',
  'address',
  'posted',
  'creditLimit',
  'version',
  'status',
  'createdAt',
  'updatedAt',
]);

type StoredWallet = RowOf<typeof walletColumns>;

export interface WalletRow extends StoredWallet {
  /** What holds set aside that are neither resolved nor due. */
  held: bigint;
}

/**
 * A wallet as it stands. Amounts are in minor units: `posted` is the sum of all entries,
 * `creditLimit` how far below zero `available` may go, which is zero for users. `version` is the
 * number of entries, and `address` what others pay to: currency, two check digits, owner.
 */
export interface WalletBalance extends WalletRow {
  /** posted - held. */
  available: bigint;
}

/**
 * The columns of a WalletRow. A hold that is due holds nothing, also before it is swept; whether a
 * wallet has one is in its own row, so that other wallets' balances are read from one row.
 */
export const walletList = `${walletColumns.list},
  case when hold_expires_at <= clock_timestamp() then (
    select coalesce(sum(amount), 0)::bigint
    from finance.holds
    where holds.user_id = wallets.user_id
      and holds.currency = wallets.currency
      and holds.status = 'PENDING'
      and holds.expires_at > clock_timestamp()
  ) else held end as held`;

export const selectWallet = statement<WalletRow, [userId: string, currency: string]>(
  'select_wallet',
  `select ${walletList}
   from finance.wallets
   where user_id = $1
     and currency = $2`,
);

export function toBalance(row: WalletRow): WalletBalance {
  return { ...row, available: row.posted - row.held };
}
