import { z } from 'zod';
import { chosen, currencyCode, parseInput, uuid } from '../../../input/validate.ts';
import { type SystemWallet, systemOwners } from '../../../schema/finance/system-owners.ts';
import { walletAddress } from './wallet-address.ts';

export { type SystemWallet, systemOwners };

/** A wallet by owner and currency: a user's, or one of the platform's. */
export type NamedWalletRef =
  | {
      /** The user whose wallet it is: a UUID. */
      userId: string;
      /** The code of its currency, such as `ZAR`: 3 to 8 capital letters. */
      currency: string;
    }
  | {
      /** Which of the platform's wallets. */
      system: SystemWallet;
      /** The code of its currency, such as `ZAR`: 3 to 8 capital letters. */
      currency: string;
    };

/** A wallet as callers may name it: by owner and currency, or by its address, which has both. */
export type WalletRef =
  | NamedWalletRef
  | {
      /**
       * Currency code, two check digits and 32 hexadecimal digits; case and spaces do not count.
       */
      address: string;
    };

/** Whether an owner id is no user's: those around the system owners' own, and the 256 lowest. */
export function isReserved(owner: string): boolean {
  return (
    owner < '00000000-0000-0000-0000-000000000100' ||
    (owner >= '00000000-0000-8000-8000-000000000000' &&
      owner <= '00000000-0000-8000-8000-0000000000ff')
  );
}

export const userId = uuid.refine((id) => !isReserved(id), {
  error: 'must be the id of a user; name a system wallet as { system, currency }',
});

const systemNames = Object.keys(systemOwners) as SystemWallet[];
export const systemWallet = z.enum(systemNames);

const address = walletAddress.transform(({ owner, currency }, context): NamedWalletRef => {
  const wallet = toWalletRef(owner, currency);
  if ('userId' in wallet && isReserved(owner)) {
    context.addIssue({ code: 'custom', message: 'must be the address of a wallet' });
  }
  return wallet;
});

/**
 * The params of a function that takes a WalletRef and `shape`; an address is resolved to owner and
 * currency.
 */
export function walletRefWith<S extends z.ZodRawShape>(shape: S) {
  const byUser = z.strictObject({ userId, currency: currencyCode, ...shape });
  const bySystem = z.strictObject({
    system: systemWallet,
    currency: currencyCode,
    ...shape,
  });
  const byAddress = z.strictObject({ address, ...shape }).transform((params) => {
    const { address: wallet, ...rest } = params as { address: NamedWalletRef };
    return { ...wallet, ...rest };
  });
  // With an empty shape zod's type would say that there is no other key at all, owner and currency
  // included.
  type Output = NamedWalletRef & { [K in keyof S]: z.output<S[K]> };
  const choose = (value: unknown): z.ZodType<Output> | undefined => {
    if (typeof value !== 'object' || value === null) return undefined;
    const schema = 'address' in value ? byAddress : 'system' in value ? bySystem : byUser;
    return schema as unknown as z.ZodType<Output>;
  };
  return chosen(choose, 'must be { userId, currency }, { system, currency } or { address }');
}

export const walletRef = walletRefWith({});

/**
 * The wallet that the address in `text` names, whether it was opened or not. Upper or lower case
 * and spaces make no difference; every single wrong character and every two that changed places are
 * found.
 *
 * @throws InvalidInputError with the field `address` if it is not a wallet's address, or mistyped
 */
export function parseWalletAddress(text: string): NamedWalletRef {
  return parseInput(z.object({ address }), { address: text }).address;
}

/** The owner id under which a wallet is stored. */
export function ownerOf(wallet: NamedWalletRef): string {
  return 'system' in wallet ? systemOwners[wallet.system] : wallet.userId;
}

/** The wallet of an owner id, as callers name it. */
export function toWalletRef(owner: string, currency: string): NamedWalletRef {
  const system = systemNames.find((name) => systemOwners[name] === owner);
  return system === undefined ? { userId: owner, currency } : { system, currency };
}
