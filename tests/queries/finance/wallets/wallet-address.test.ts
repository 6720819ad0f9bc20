import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.ts';
import {
  getBalanceAt,
  getWallet,
  listStatement,
  type NamedWalletRef,
  openWallet,
  parseWalletAddress,
  type SystemWallet,
  systemOwners,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder } from '../bundle.ts';

const database = useTestDatabase();
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

async function addressesOf(owners: string[], currencies: string[]): Promise<string[]> {
  const { rows } = await database.db.$client.query(
    `select wallet_address(owner, currency) as address
     from unnest($1::uuid[], $2::text[]) as wallets (owner, currency)`,
    [owners, currencies],
  );
  return rows.map(({ address }) => address);
}

/** Wallets of random users, of currencies of every length. */
function randomWallets(count: number) {
  const currencies = ['ZAR', 'AZR', 'ZZZ', 'EURO', 'ABCDE', 'TOKENS', 'AAAAAAA', 'ZYXWVUTS'];
  return Array.from({ length: count }, (_, i) => ({
    userId: randomUUID(),
    currency: currencies[i % currencies.length] ?? '',
  }));
}

function isRefused(address: string): boolean {
  try {
    parseWalletAddress(address);
    return false;
  } catch (error) {
    if (error instanceof InvalidInputError) return true;
    throw error;
  }
}

describe('parseWalletAddress', () => {
  test('reads what the database writes, of users and of the platform', async () => {
    const wallets = randomWallets(2_000);
    const owners = [...wallets.map(({ userId }) => userId), ...Object.values(systemOwners)];
    const expected: NamedWalletRef[] = [
      ...wallets,
      ...Object.keys(systemOwners).map((system) => ({
        system: system as SystemWallet,
        currency: 'ZAR',
      })),
    ];
    const addresses = await addressesOf(
      owners,
      expected.map(({ currency }) => currency),
    );
    expect(addresses.map((address) => parseWalletAddress(address))).toEqual(expected);
  });

  test('finds every single wrong character and every two that changed places', async () => {
    const wallets = randomWallets(16);
    const addresses = await addressesOf(
      wallets.map(({ userId }) => userId),
      wallets.map(({ currency }) => currency),
    );
    const missed: string[] = [];
    let tried = 0;
    const mistype = (typed: string) => {
      tried += 1;
      if (!isRefused(typed)) missed.push(typed);
    };
    for (const address of addresses) {
      for (let i = 0; i < address.length; i += 1) {
        const [before, here, after] = [address.slice(0, i), address[i], address.slice(i + 1)];
        for (const wrong of ALPHABET) if (wrong !== here) mistype(before + wrong + after);
        for (let j = 0; j < after.length; j += 1) {
          if (after[j] === here) continue;
          mistype(before + after[j] + after.slice(0, j) + here + after.slice(j + 1));
        }
      }
    }
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThan(25_000);
  });

  test('does not mind case, nor spaces between groups', async () => {
    const userId = randomUUID();
    const [address = ''] = await addressesOf([userId], ['ZAR']);
    const groups = address.match(/.{1,4}/g)?.join(' ');
    expect(parseWalletAddress(` ${groups?.toLowerCase()} `)).toEqual({ userId, currency: 'ZAR' });
  });

  test.each(['', 'ZAR', 'ZAR00', '\0', 'ſſſ00', 5, null, undefined])('refuses %j', (address) => {
    const refuse = () => parseWalletAddress(address as string);
    expect(refuse).toThrow(InvalidInputError);
    expect(refuse).toThrow(/^address /);
  });

  test('refuses an owner id that is reserved and nobody’s', async () => {
    const nobodys = [
      '00000000-0000-0000-0000-000000000002',
      '00000000-0000-8000-8000-000000000009',
    ];
    for (const address of await addressesOf(nobodys, ['ZAR', 'ZAR'])) {
      expect(() => parseWalletAddress(address)).toThrow('address must be the address of a wallet');
    }
  });
});

describe('a wallet named by its address', () => {
  test('is the wallet of its owner and currency, wherever a wallet is named', async () => {
    const { db } = database;
    const [payer, payee] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const from = await getWallet(db, { userId: payer, currency: 'ZAR' });
    const to = await openWallet(db, { userId: payee, currency: 'ZAR' });
    const request = { amount: 30n, idempotencyKey: 'by address' };
    const paid = await transfer(db, {
      ...request,
      from: { address: from.address },
      to: { address: to.address.toLowerCase() },
    });
    // The same request, named otherwise, is the same request.
    const again = await transfer(db, {
      ...request,
      from: { userId: payer, currency: 'ZAR' },
      to: { userId: payee, currency: 'ZAR' },
    });
    expect(again.id).toBe(paid.id);
    const { address } = to;
    // A Date has no microseconds: the next millisecond is the first that is surely later.
    const afterwards = new Date(paid.recordedAt.getTime() + 1);
    expect(await getWallet(db, { address })).toMatchObject({ userId: payee, posted: 30n });
    expect(await getBalanceAt(db, { address, recordedAt: afterwards })).toBe(30n);
    expect((await listStatement(db, { address, limit: 5 })).closingBalance).toBe(30n);
    const external = await getWallet(db, { system: 'EXTERNAL', currency: 'ZAR' });
    expect(await getWallet(db, { address: external.address })).toEqual(external);
  });

  test('moves no money when it is mistyped', async () => {
    const { db } = database;
    const [payer, payee] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const { address } = await getWallet(db, { userId: payee, currency: 'ZAR' });
    const last = address.endsWith('0') ? '1' : '0';
    const request = {
      from: { userId: payer, currency: 'ZAR' },
      to: { address: address.slice(0, -1) + last },
      amount: 1n,
      idempotencyKey: 'mistyped',
    };
    expect(await rejection(transfer(db, request))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'to.address',
      rule: 'is mistyped: its check digits do not fit',
    });
    const { rows } = await db.$client.query(
      `select from finance.transactions where idempotency_key = 'mistyped'`,
    );
    expect(rows).toEqual([]);
    expect(await getWallet(db, { userId: payer, currency: 'ZAR' })).toMatchObject({ posted: 100n });
  });

  test('must be named in one way', async () => {
    const both = { address: 'ZAR', userId: randomUUID(), currency: 'ZAR' };
    expect(await rejection(getWallet(database.db, both))).toMatchObject({ field: 'address' });
    expect(await rejection(getWallet(database.db, {} as NamedWalletRef))).toMatchObject({
      field: 'userId',
      rule: 'is required',
    });
  });
});
