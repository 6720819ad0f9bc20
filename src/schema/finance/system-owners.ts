import type { walletKind } from './wallets.ts';

/** The platform's own wallets; every currency has one of each. */
export type SystemWallet = Exclude<(typeof walletKind.enumValues)[number], 'USER'>;

/**
 * The owner ids that are reserved for system wallets, as the migrations open them. In SQL it is
 * `finance.system_owner(kind)`.
 */
export const systemOwners: Readonly<Record<SystemWallet, string>> = {
  MINT: '00000000-0000-8000-8000-000000000001',
  EXTERNAL: '00000000-0000-8000-8000-000000000002',
  LIQUIDITY: '00000000-0000-8000-8000-000000000003',
  FEES: '00000000-0000-8000-8000-000000000004',
};
