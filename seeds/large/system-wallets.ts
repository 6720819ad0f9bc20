import type { PoolClient } from 'pg';
import { systemOwners } from '../../src/queries/finance/index.ts';

const { MINT, EXTERNAL } = systemOwners;

/** A wallet while entries are being made for it. */
export interface WalletState {
  userId: string;
  currency: string;
  posted: bigint;
  version: bigint;
}

export interface SystemWallets {
  /** What may still be minted of AZR. */
  supplyLeft: bigint;
  mint: WalletState;
  external: WalletState;
  /** When the latest entry of these wallets was recorded, in milliseconds; 0 if there is none. */
  lastRecordedAt: number;
}

/**
 * Reads the system wallets that the seed posts against, and locks them in key order until the end
 * of the transaction: their entries go on from the version and time where they are.
 */
export async function lockSystemWallets(client: PoolClient): Promise<SystemWallets> {
  const mint = await lockWallet(client, MINT, 'AZR');
  const external = await lockWallet(client, EXTERNAL, 'ZAR');
  return {
    supplyLeft: mint.available,
    mint: mint.state,
    external: external.state,
    lastRecordedAt: Math.max(mint.postedAt, external.postedAt),
  };
}

async function lockWallet(client: PoolClient, userId: string, currency: string) {
  const { rows } = await client.query<Record<string, string>>(
    `select
       posted::text,
       version::text,
       (posted::numeric - held + credit_limit)::text as available,
       coalesce(ceil(extract(epoch from posted_at) * 1000), 0)::text as posted_at
     from finance.wallets
     where user_id = $1
       and currency = $2
     for no key update`,
    [userId, currency],
  );
  const { posted = 0, version = 0, available = 0, posted_at: postedAt = 0 } = rows[0] ?? {};
  return {
    state: { userId, currency, posted: BigInt(posted), version: BigInt(version) },
    available: BigInt(available),
    postedAt: Number(postedAt),
  };
}
