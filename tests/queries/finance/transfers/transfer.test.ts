import { describe, expect, test } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  deposit,
  getWallet,
  IdempotencyConflictError,
  InsufficientFundsError,
  listWallets,
  openWallet,
  RejectedError,
  transfer,
  withdraw,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, createUser } from '../bundle.ts';

const database = useTestDatabase({ max: 40 });

async function posted(userId: string, currency = 'ZAR') {
  return (await getWallet(database.db, { userId, currency })).posted;
}

describe('transfer', () => {
  test('moves the amount, and leaves a third wallet alone', async () => {
    const { db } = database;
    const [alice, bob, decoy] = await Promise.all([
      createHolder(db, 100n),
      createHolder(db),
      createHolder(db, 7n),
    ]);
    const moved = await transfer(db, {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 30n,
      idempotencyKey: 'k1',
      description: 'Rent',
      metadata: { invoice: 12 },
    });
    expect(moved).toMatchObject({
      userId: alice,
      type: 'TRANSFER',
      amount: 30n,
      description: 'Rent',
      metadata: { invoice: 12 },
    });
    expect([await posted(alice), await posted(bob), await posted(decoy)]).toEqual([70n, 30n, 7n]);
    expect(await getWallet(db, { userId: alice, currency: 'ZAR' })).toMatchObject({ version: 2n });
  });

  test('answers the same under the same key, and posts once', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const request = {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 60n,
      idempotencyKey: 'again',
    };
    const first = await transfer(db, request);
    expect(await transfer(db, request)).toEqual(first);
    expect(await transaction(db, (tx) => transfer(tx, request))).toEqual(first);
    expect(await posted(alice)).toBe(40n);
    const other = await rejection(transfer(db, { ...request, amount: 61n }));
    expect(other).toBeInstanceOf(IdempotencyConflictError);
    expect(other).toMatchObject({ transactionId: first.id });
  });

  test('is the same request with no metadata as with an empty object', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const request = {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 60n,
      idempotencyKey: 'bare',
    };
    const first = await transfer(db, request);
    expect(first.metadata).toEqual({});
    expect(await transfer(db, { ...request, metadata: {} })).toEqual(first);
    expect(await transfer(db, { ...request, metadata: undefined })).toEqual(first);
    const other = await rejection(transfer(db, { ...request, metadata: { a: {} } }));
    expect(other).toBeInstanceOf(IdempotencyConflictError);
    expect(await posted(bob)).toBe(60n);
  });

  test('posts once when 32 callers send one request at once', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const request = {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 60n,
      idempotencyKey: 'race',
    };
    const answers = await Promise.all(Array.from({ length: 32 }, () => transfer(db, request)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect([await posted(alice), await posted(bob)]).toEqual([40n, 60n]);
  });

  test('takes turns on a hot wallet in a database whose default isolation is stricter', async () => {
    const { db, url } = database;
    const name = new URL(url).pathname.slice(1);
    const [alice, bob] = await Promise.all([createHolder(db, 96n), createHolder(db)]);
    await db.$client.query(
      `alter database ${name} set default_transaction_isolation = 'repeatable read'`,
    );
    const strict = await connect({ url, max: 16 });
    try {
      await Promise.all(
        Array.from({ length: 96 }, (_, i) =>
          transfer(strict, {
            from: { userId: alice, currency: 'ZAR' },
            to: { userId: bob, currency: 'ZAR' },
            amount: 1n,
            idempotencyKey: `turn ${i}`,
          }),
        ),
      );
      expect([await posted(alice), await posted(bob)]).toEqual([0n, 96n]);
    } finally {
      await strict.close();
      await db.$client.query(`alter database ${name} reset default_transaction_isolation`);
    }
  });

  test('refuses what the payer does not have, with the facts, and again after money came', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const request = {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 101n,
      idempotencyKey: 'too much',
    };
    const first = await rejection(transfer(db, request));
    expect(first).toBeInstanceOf(InsufficientFundsError);
    expect(first).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      available: 100n,
      requested: 101n,
      wallet: { userId: alice, currency: 'ZAR' },
    });
    await deposit(db, { userId: alice, currency: 'ZAR', amount: 1n, idempotencyKey: 'more' });
    expect(await rejection(transfer(db, request))).toEqual(first);
    expect([await posted(alice), await posted(bob)]).toEqual([101n, 0n]);
  });

  test('names a wallet that does not exist, and a currency that does not', async () => {
    const { db } = database;
    const [alice, nobody] = await Promise.all([createHolder(db, 100n), createUser(db)]);
    const base = { from: { userId: alice, currency: 'ZAR' }, amount: 1n } as const;
    const unknown = await rejection(
      transfer(db, { ...base, to: { userId: nobody, currency: 'ZAR' }, idempotencyKey: 'a' }),
    );
    expect(unknown).toBeInstanceOf(RejectedError);
    expect(unknown).toMatchObject({
      code: 'WALLET_NOT_FOUND',
      wallet: { userId: nobody, currency: 'ZAR' },
    });
    const currency = await rejection(
      transfer(db, {
        from: { userId: alice, currency: 'QQQ' },
        to: { userId: nobody, currency: 'QQQ' },
        amount: 1n,
        idempotencyKey: 'b',
      }),
    );
    expect(currency).toMatchObject({ code: 'UNKNOWN_CURRENCY' });
  });

  test.each([
    ['amount', { amount: 0n }, 'must be greater than 0'],
    ['amount', { amount: -1n }, 'must be greater than 0'],
    ['amount', { amount: 2n ** 63n }, 'must be at most 9223372036854775807'],
    ['amount', { amount: 1.5 }, 'must be a bigint of minor units, such as 1250n'],
    ['amount', { amount: '10' }, 'must be a bigint of minor units, such as 1250n'],
    ['idempotencyKey', { idempotencyKey: '' }, 'must not be empty'],
    ['idempotencyKey', { idempotencyKey: 'azora:x' }, 'must not begin with azora:'],
    ['from.userId', { from: { userId: 'x', currency: 'ZAR' } }, 'must be a UUID'],
    ['idempotencyKey', { idempotencyKey: '\ud800' }, 'must not contain half a surrogate pair'],
    ['description', { description: '\udfff' }, 'must not contain half a surrogate pair'],
    ['metadata.x', { metadata: { x: '\0' } }, 'must not contain a NUL character'],
    ['metadata.x.0', { metadata: { x: ['\ud800'] } }, 'must not contain half a surrogate pair'],
    ['metadata.x', { metadata: { x: Number.NaN } }, 'must be a finite number'],
  ])('refuses a wrong %s before anything is written: %o', async (field, change, rule) => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const request = {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 1n,
      idempotencyKey: 'k',
      ...change,
    } as Parameters<typeof transfer>[1];
    const error = await rejection(transfer(db, request));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field, ...(rule && { rule }) });
    expect(await posted(alice)).toBe(100n);
  });

  test('refuses the same wallet and two currencies', async () => {
    const alice = await createHolder(database.db, 100n);
    const base = {
      from: { userId: alice, currency: 'ZAR' },
      amount: 1n,
      idempotencyKey: 'k',
    };
    expect(
      await rejection(transfer(database.db, { ...base, to: { userId: alice, currency: 'ZAR' } })),
    ).toMatchObject({ field: 'to', rule: 'must be another wallet than from' });
    expect(
      await rejection(transfer(database.db, { ...base, to: { userId: alice, currency: 'USD' } })),
    ).toMatchObject({ field: 'to.currency' });
  });

  test('refuses a balance that 8 bytes cannot hold', async () => {
    const { db } = database;
    const alice = await createHolder(db);
    const most = 2n ** 63n - 1n;
    await deposit(db, { userId: alice, currency: 'BTC', amount: 1n, idempotencyKey: 'x' }).catch(
      () => {},
    );
    await openWallet(db, { userId: alice, currency: 'ETH' });
    await deposit(db, { userId: alice, currency: 'ETH', amount: most, idempotencyKey: 'a' });
    expect(
      await rejection(
        deposit(db, { userId: alice, currency: 'ETH', amount: 1n, idempotencyKey: 'b' }),
      ),
    ).toMatchObject({ code: 'INSUFFICIENT_FUNDS', wallet: { system: 'EXTERNAL' }, available: 0n });
  });
});

describe('withdraw', () => {
  test('sends money back to EXTERNAL', async () => {
    const { db } = database;
    const alice = await createHolder(db, 50n, 'USD');
    await withdraw(db, { userId: alice, currency: 'USD', amount: 20n, idempotencyKey: 'w' });
    expect(await posted(alice, 'USD')).toBe(30n);
    expect(await getWallet(db, { system: 'EXTERNAL', currency: 'USD' })).toMatchObject({
      posted: -30n,
    });
  });
});

describe('openWallet', () => {
  test('returns the wallet that is there', async () => {
    const { db } = database;
    const alice = await createHolder(db, 50n);
    const again = await openWallet(db, { userId: alice, currency: 'ZAR' });
    expect(again).toMatchObject({ posted: 50n, available: 50n, kind: 'USER' });
    expect(again.address).toMatch(/^ZAR\d\d[0-9A-F]{32}$/);
    await openWallet(db, { userId: alice, currency: 'AZR' });
    const { items } = await listWallets(db, { userId: alice });
    expect(items.map(({ currency }) => currency)).toEqual(['AZR', 'ZAR']);
    const first = await listWallets(db, { userId: alice, limit: 1 });
    const second = await listWallets(db, {
      userId: alice,
      limit: 1,
      cursor: first.nextCursor ?? undefined,
    });
    expect(second.items.map(({ currency }) => currency)).toEqual(['ZAR']);
    expect(second.nextCursor).toBeNull();
  });

  test('opens one wallet for 16 callers at once, and none for a stranger', async () => {
    const { db } = database;
    const userId = await createUser(db);
    const opened = await Promise.all(
      Array.from({ length: 16 }, () => openWallet(db, { userId, currency: 'ZAR' })),
    );
    expect(new Set(opened.map(({ address }) => address)).size).toBe(1);
    const stranger = '01890000-0000-7000-8000-000000000000';
    expect(await rejection(openWallet(db, { userId: stranger, currency: 'ZAR' }))).toMatchObject({
      code: 'NOT_FOUND',
      entity: 'user',
    });
    expect(await rejection(openWallet(db, { userId, currency: 'QQQ' }))).toMatchObject({
      code: 'UNKNOWN_CURRENCY',
    });
  });
});
