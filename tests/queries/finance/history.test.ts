import { describe, expect, test } from 'vitest';
import {
  auditLedger,
  deposit,
  exchange,
  getBalanceAt,
  getTransaction,
  getWallet,
  listStatement,
  openWallet,
  reverseTransaction,
  transfer,
  withdraw,
} from '../../../src/queries/finance/index.ts';
import { rejection } from '../../setup/errors.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createHolder } from './bundle.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });

describe('getBalanceAt', () => {
  test('tells what the books said, and what they say now about then', async () => {
    const { db } = database;
    const alice = await createHolder(db, 100n);
    await createHolder(db, 7n);
    const steps: { at: Date; posted: bigint }[] = [];
    const dates = ['2024-01-31', '2024-02-29', '2023-12-31', '2024-02-29', '2031-05-05'];
    for (const [i, day] of dates.entries()) {
      await deposit(db, {
        ...zar(alice),
        amount: BigInt(10 ** i),
        idempotencyKey: `d${i}`,
        occurredAt: new Date(day),
      });
      await new Promise((resolve) => setTimeout(resolve, 3));
      steps.push({ at: new Date(), posted: (await getWallet(db, zar(alice))).posted });
    }
    for (const { at, posted } of steps) {
      expect(await getBalanceAt(db, { ...zar(alice), recordedAt: at })).toBe(posted);
    }
    const occurred = async (day: string) =>
      getBalanceAt(db, { ...zar(alice), occurredAt: new Date(day) });
    expect(await occurred('2023-12-30')).toBe(0n);
    expect(await occurred('2023-12-31')).toBe(100n);
    expect(await occurred('2024-01-31')).toBe(101n);
    expect(await occurred('2024-02-28T23:59:59.999Z')).toBe(101n);
    expect(await occurred('2024-02-29')).toBe(1_111n);
    expect(await occurred('2030-01-01')).toBe(1_211n);
    expect(await occurred('2031-05-05')).toBe(11_211n);
    expect(await getBalanceAt(db, { ...zar(alice), recordedAt: new Date('2020-01-01') })).toBe(0n);
    expect(await auditLedger(db)).toEqual([]);
  });

  test('counts a transaction from the very time that it was answered with', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 50n), createHolder(db)]);
    for (let left = 49n; left >= 0n; left -= 1n) {
      // Times are whole milliseconds, so two in one would share theirs.
      await new Promise((resolve) => setTimeout(resolve, 2));
      const { recordedAt, occurredAt } = await transfer(db, {
        from: zar(alice),
        to: zar(bob),
        amount: 1n,
        idempotencyKey: `t${left}`,
      });
      const justBefore = new Date(recordedAt.getTime() - 1);
      expect(occurredAt).toEqual(recordedAt);
      expect([
        await getBalanceAt(db, { ...zar(alice), recordedAt: justBefore }),
        await getBalanceAt(db, { ...zar(alice), recordedAt }),
        await getBalanceAt(db, { ...zar(alice), occurredAt }),
      ]).toEqual([left + 1n, left, left]);
    }
    const { rows } = await db.$client.query(
      `select count(*)::integer as fractions from finance.transactions
       where recorded_at <> date_trunc('milliseconds', recorded_at)`,
    );
    expect(rows).toEqual([{ fractions: 0 }]);
  });

  test('is exact by occurred time also where that is more than a wallet can hold', async () => {
    const { db } = database;
    const userId = await createHolder(db, 0n, 'BTC');
    const wallet = { userId, currency: 'BTC' };
    const amount = 2n ** 63n - 1n;
    const occurredAt = new Date('2024-03-03');
    await deposit(db, { ...wallet, amount, idempotencyKey: 'in', occurredAt });
    await withdraw(db, { ...wallet, amount, idempotencyKey: 'out' });
    await deposit(db, { ...wallet, amount, idempotencyKey: 'in again', occurredAt });
    const at = async (day: Date) => getBalanceAt(db, { ...wallet, occurredAt: day });
    expect(await at(new Date('2024-03-02'))).toBe(0n);
    expect(await at(occurredAt)).toBe(2n * amount);
    expect(await at(new Date('2999-01-01'))).toBe(amount);
    expect(await auditLedger(db)).toEqual([]);
  });

  test('agrees with a plain sum at random instants', async () => {
    const { db } = database;
    const alice = await createHolder(db);
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const start = Date.UTC(2000, 0, 1);
    const span = 40 * 365 * 86_400_000;
    const moves: { at: number; amount: bigint }[] = [];
    for (let i = 0; i < 60; i += 1) {
      const at = start + random(2) * span * 0.4 + random(1_000) * 86_400_000;
      const amount = BigInt(1 + random(50));
      moves.push({ at, amount });
      await deposit(db, {
        ...zar(alice),
        amount,
        idempotencyKey: `r${i}`,
        occurredAt: new Date(at),
      });
    }
    for (let i = 0; i < 60; i += 1) {
      const at = i < 30 ? (moves[i]?.at ?? 0) : start + random(2 ** 30) * 1_000;
      const expected = moves
        .filter((one) => one.at <= at)
        .reduce((sum, { amount }) => sum + amount, 0n);
      expect(await getBalanceAt(db, { ...zar(alice), occurredAt: new Date(at) })).toBe(expected);
    }
  });

  test('asks for one time, of a wallet that exists', async () => {
    const { db } = database;
    const alice = await createHolder(db);
    const at = new Date();
    const both = { ...zar(alice), recordedAt: at, occurredAt: at };
    expect(await rejection(getBalanceAt(db, both as never))).toMatchObject({ field: 'recordedAt' });
    for (const time of [{ recordedAt: at }, { occurredAt: at }]) {
      expect(
        await rejection(getBalanceAt(db, { userId: alice, currency: 'BTC', ...time } as never)),
      ).toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});

describe('listStatement', () => {
  test('pages by version with the balances around each page', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    for (let i = 1; i <= 5; i += 1) {
      await transfer(db, {
        from: zar(alice),
        to: zar(bob),
        amount: BigInt(i),
        idempotencyKey: `s${i}`,
        description: `Step ${i}`,
      });
    }
    const first = await listStatement(db, { ...zar(alice), limit: 4 });
    expect(first).toMatchObject({ openingBalance: 99n, closingBalance: 85n });
    expect(first.items.map(({ version, amount }) => [version, amount])).toEqual([
      [6n, -5n],
      [5n, -4n],
      [4n, -3n],
      [3n, -2n],
    ]);
    const second = await listStatement(db, {
      ...zar(alice),
      limit: 4,
      cursor: first.nextCursor ?? undefined,
    });
    expect(second).toMatchObject({ openingBalance: 0n, closingBalance: 99n, nextCursor: null });
    expect(second.items.map(({ description }) => description)).toEqual(['Step 1', null]);
    const empty = await createHolder(db);
    expect(await listStatement(db, zar(empty))).toEqual({
      items: [],
      nextCursor: null,
      openingBalance: 0n,
      closingBalance: 0n,
    });
    expect(await rejection(listStatement(db, { userId: empty, currency: 'BTC' }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('exchange', () => {
  test('rounds against the customer, through LIQUIDITY, in one transaction', async () => {
    const { db } = database;
    const alice = await createHolder(db, 1_000n);
    await openWallet(db, { userId: alice, currency: 'USD' });
    const request = {
      userId: alice,
      from: 'ZAR',
      to: 'USD',
      amount: 100n,
      rate: { numerator: 1n, denominator: 18n },
      idempotencyKey: 'x',
    };
    expect(await rejection(exchange(db, request))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      wallet: { system: 'LIQUIDITY', currency: 'USD' },
      available: 0n,
    });
    await transfer(db, {
      from: { system: 'EXTERNAL', currency: 'USD' },
      to: { system: 'LIQUIDITY', currency: 'USD' },
      amount: 50n,
      idempotencyKey: 'fund',
    });
    const posted = await exchange(db, { ...request, idempotencyKey: 'x2' });
    expect(posted).toMatchObject({ type: 'EXCHANGE', received: 5n, amount: 100n });
    expect(await exchange(db, { ...request, idempotencyKey: 'x2' })).toEqual(posted);
    expect((await getWallet(db, { userId: alice, currency: 'USD' })).posted).toBe(5n);
    expect((await getWallet(db, zar(alice))).posted).toBe(900n);
    const { entries } = await getTransaction(db, { userId: posted.userId, id: posted.id });
    expect(entries).toHaveLength(4);
    expect(
      await rejection(exchange(db, { ...request, amount: 17n, idempotencyKey: 'x3' })),
    ).toMatchObject({ field: 'amount' });

    await reverseTransaction(db, {
      userId: alice,
      transactionId: posted.id,
      idempotencyKey: 'undo',
    });
    expect((await getWallet(db, zar(alice))).posted).toBe(1_000n);
    expect(await auditLedger(db)).toEqual([]);
  });
});

describe('reverseTransaction', () => {
  test('reverses a part of an exchange, rounding against the customer', async () => {
    const { db } = database;
    const alice = await createHolder(db, 1_000n);
    await openWallet(db, { userId: alice, currency: 'ETH' });
    await transfer(db, {
      from: { system: 'EXTERNAL', currency: 'ETH' },
      to: { system: 'LIQUIDITY', currency: 'ETH' },
      amount: 100n,
      idempotencyKey: `fund ${alice}`,
    });
    const balances = async () => [
      (await getWallet(db, zar(alice))).posted,
      (await getWallet(db, { userId: alice, currency: 'ETH' })).posted,
    ];
    const request = { userId: alice, from: 'ZAR', to: 'ETH', amount: 100n };
    const rate = { numerator: 7n, denominator: 100n };
    const undo = async (amount: bigint) => {
      const idempotencyKey = `x${amount}`;
      const { id } = await exchange(db, { ...request, rate, idempotencyKey });
      return { userId: alice, transactionId: id, amount, idempotencyKey: `undo ${amount}` };
    };
    const third = await undo(33n);
    expect(await balances()).toEqual([900n, 7n]);
    // 7 * 33 / 100 is 2.31: three go back, and not two.
    const reversal = await reverseTransaction(db, third);
    expect(reversal).toMatchObject({ type: 'REVERSAL', currency: 'ZAR', amount: 33n });
    expect(await balances()).toEqual([933n, 4n]);
    expect(await reverseTransaction(db, third)).toEqual(reversal);
    expect(
      await rejection(reverseTransaction(db, { ...third, idempotencyKey: 'again' })),
    ).toMatchObject({ code: 'ALREADY_REVERSED' });

    await reverseTransaction(db, await undo(99n));
    expect(await balances()).toEqual([932n, 4n]);
    await reverseTransaction(db, await undo(1n));
    expect(await balances()).toEqual([833n, 10n]);
    const whole = await undo(100n);
    expect(
      await rejection(
        reverseTransaction(db, { ...whole, amount: 101n, idempotencyKey: 'too much' }),
      ),
    ).toMatchObject({ code: 'REVERSAL_EXCEEDED' });
    await reverseTransaction(db, whole);
    expect(await balances()).toEqual([833n, 10n]);
    expect(await auditLedger(db)).toEqual([]);
  });

  test('reverses once, in part, with its own date', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const original = await transfer(db, {
      from: zar(alice),
      to: zar(bob),
      amount: 60n,
      idempotencyKey: 't',
    });
    const occurredAt = new Date('2024-05-01');
    const request = {
      userId: alice,
      transactionId: original.id,
      amount: 20n,
      idempotencyKey: 'undo',
      occurredAt,
    };
    expect(
      await rejection(reverseTransaction(db, { ...request, amount: 61n, idempotencyKey: 'more' })),
    ).toMatchObject({ code: 'REVERSAL_EXCEEDED' });
    const reversal = await reverseTransaction(db, request);
    expect(reversal).toMatchObject({ type: 'REVERSAL', reversesId: original.id, occurredAt });
    expect(await reverseTransaction(db, request)).toEqual(reversal);
    expect([
      (await getWallet(db, zar(alice))).posted,
      (await getWallet(db, zar(bob))).posted,
    ]).toEqual([60n, 40n]);
    expect(
      await rejection(reverseTransaction(db, { ...request, idempotencyKey: 'again' })),
    ).toMatchObject({ code: 'ALREADY_REVERSED' });
    expect(
      await rejection(
        reverseTransaction(db, { userId: alice, transactionId: reversal.id, idempotencyKey: 'rr' }),
      ),
    ).toMatchObject({ code: 'NOT_REVERSIBLE' });
  });

  test('fails while the money is gone, and succeeds later; one of 16 racers wins', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const original = await transfer(db, {
      from: zar(alice),
      to: zar(bob),
      amount: 60n,
      idempotencyKey: 't',
    });
    await withdraw(db, { ...zar(bob), amount: 60n, idempotencyKey: 'gone' });
    const undo = (idempotencyKey: string) =>
      reverseTransaction(db, { userId: alice, transactionId: original.id, idempotencyKey });
    expect(await rejection(undo('early'))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      wallet: zar(bob),
    });
    await deposit(db, { ...zar(bob), amount: 200n, idempotencyKey: 'back' });
    const racers = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => undo(`race${i}`)));
    expect(racers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await getWallet(db, zar(alice))).posted).toBe(100n);
  });
});
