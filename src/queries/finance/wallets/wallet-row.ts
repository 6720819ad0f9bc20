import type { SystemWallet } from './wallet-ref.ts';

/** A wallet as it stands. Amounts are in minor units. */
export interface WalletBalance {
  readonly userId: string;
  readonly currency: string;
  readonly kind: 'USER' | SystemWallet;
  /** What others pay to: currency, two check digits, owner. */
  readonly address: string;
  /** The sum of all entries. */
  readonly posted: bigint;
  /** What holds set aside that are neither resolved nor due. */
  readonly held: bigint;
  /** posted - held. */
  readonly available: bigint;
  /** How far below zero `available` may go; zero for users. */
  readonly creditLimit: bigint;
  /** The number of entries. */
  readonly version: bigint;
  readonly status: 'OPEN' | 'CLOSED';
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface WalletRow {
  readonly user_id: string;
  readonly currency: string;
  readonly kind: 'USER' | SystemWallet;
  readonly address: string;
  readonly posted: bigint;
  readonly held: bigint;
  readonly credit_limit: bigint;
  readonly version: bigint;
  readonly status: 'OPEN' | 'CLOSED';
  readonly created_at: Date;
  readonly updated_at: Date;
}

/**
 * The columns of a WalletRow. A hold that is due holds nothing, also before it is swept; whether a wallet has
 * one is in its own row, so that other wallets' balances are read from one row.
 */
export const WALLET_COLUMNS = `user_id, currency, kind, address, posted,
  case when hold_expires_at <= clock_timestamp() then (
    select coalesce(sum(amount), 0)::bigint
    from finance.holds
    where holds.user_id = wallets.user_id
      and holds.currency = wallets.currency
      and holds.status = 'PENDING'
      and holds.expires_at > clock_timestamp()
  ) else held end as held,
  credit_limit, version, status, created_at, updated_at`;

export function toWallet(row: WalletRow): WalletBalance {
  return {
    userId: row.user_id,
    currency: row.currency,
    kind: row.kind,
    address: row.address,
    posted: row.posted,
    held: row.held,
    available: row.posted - row.held,
    creditLimit: row.credit_limit,
    version: row.version,
    status: row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
