import { describe, expect, test } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  auditLedger,
  deposit,
  getBalanceAt,
  getWallet,
  listStatement,
  transfer,
  withdraw,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';

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
    expect(await auditLedger(db)).toEqual(SOUND);
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

  test('changes for an instant while a transaction that was open then is, and no more', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    // Times are whole milliseconds, so two in one would share theirs.
    const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
    await pause();
    const recordedAt = await transaction(db, async (tx) => {
      const request = { from: zar(alice), to: zar(bob), amount: 40n, idempotencyKey: 't' };
      const { recordedAt: at } = await transfer(tx, request);
      expect(await getBalanceAt(db, { ...zar(alice), recordedAt: at })).toBe(100n);
      return at;
    });
    expect(await getBalanceAt(db, { ...zar(alice), recordedAt })).toBe(60n);
    await pause();
    await withdraw(db, { ...zar(alice), amount: 60n, idempotencyKey: 'w' });
    expect(await getBalanceAt(db, { ...zar(alice), recordedAt })).toBe(60n);
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
    expect(await auditLedger(db)).toEqual(SOUND);
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
