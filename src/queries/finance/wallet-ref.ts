import { z } from 'zod';
import { currencyCode, uuid } from '../../validate.ts';

/** The platform's own wallets; every currency has one of each. */
export type SystemWallet = 'MINT' | 'EXTERNAL' | 'LIQUIDITY' | 'FEES';

/** A user's wallet, or one of the platform's. */
export type WalletRef =
  | { readonly userId: string; readonly currency: string }
  | { readonly system: SystemWallet; readonly currency: string };

/** The owner ids that are reserved for system wallets, as the migrations open them. */
export const systemOwners: Readonly<Record<SystemWallet, string>> = {
  MINT: '00000000-0000-0000-0000-000000000001',
  EXTERNAL: '00000000-0000-0000-0000-000000000002',
  LIQUIDITY: '00000000-0000-0000-0000-000000000003',
  FEES: '00000000-0000-0000-0000-000000000004',
};

/** Every owner id below this one is reserved. */
export const FIRST_USER_ID = '00000000-0000-0000-0000-000000000100';

export const userId = uuid.refine((id) => id >= FIRST_USER_ID, {
  error: 'must be the id of a user; name a system wallet as { system, currency }',
});

const systemNames = ['MINT', 'EXTERNAL', 'LIQUIDITY', 'FEES'] as const;

export const walletRef = z.union(
  [
    z.strictObject({ userId, currency: currencyCode }),
    z.strictObject({ system: z.enum(systemNames), currency: currencyCode }),
  ],
  { error: 'must be { userId, currency } or { system, currency }' },
);

/** The owner id under which a wallet is stored. */
export function ownerOf(wallet: WalletRef): string {
  return 'system' in wallet ? systemOwners[wallet.system] : wallet.userId;
}

/** The wallet of an owner id, as callers name it. */
export function toWalletRef(owner: string, currency: string): WalletRef {
  const system = systemNames.find((name) => systemOwners[name] === owner);
  return system === undefined ? { userId: owner, currency } : { system, currency };
}
