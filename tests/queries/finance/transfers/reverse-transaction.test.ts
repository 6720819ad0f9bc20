import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  auditLedger,
  closeWallet,
  deposit,
  exchange,
  getTransaction,
  getWallet,
  openWallet,
  type RejectedError,
  reverseTransaction,
  transfer,
  withdraw,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });

/** Alice had a hundred and gave Bob sixty. */
async function transferSixty() {
  const { db } = database;
  const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
  const original = await transfer(db, {
    from: zar(alice),
    to: zar(bob),
    amount: 60n,
    idempotencyKey: 't',
  });
  return { alice, bob, original };
}

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
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('refuses more than there was, however much, and remembers that', async () => {
    const { db } = database;
    const alice = await createHolder(db, 1n);
    await openWallet(db, { userId: alice, currency: 'ETH' });
    await transfer(db, {
      from: { system: 'EXTERNAL', currency: 'ETH' },
      to: { system: 'LIQUIDITY', currency: 'ETH' },
      amount: 100n,
      idempotencyKey: `fund ${alice}`,
    });
    const rate = { numerator: 100n, denominator: 1n };
    const { id } = await exchange(db, {
      userId: alice,
      from: 'ZAR',
      to: 'ETH',
      amount: 1n,
      rate,
      idempotencyKey: 'x',
    });
    // The share of the other currency, a hundred times as much, does not fit into 8 bytes.
    const request = {
      userId: alice,
      transactionId: id,
      amount: 2n ** 63n - 1n,
      idempotencyKey: 'all the money',
    };
    const first = await rejection(reverseTransaction(db, request));
    expect(first).toMatchObject({ code: 'REVERSAL_EXCEEDED', requested: 2n ** 63n - 1n });
    expect(await rejection(reverseTransaction(db, request))).toEqual(first);
    const transactionId = String((first as RejectedError).transactionId);
    expect(await getTransaction(db, { userId: alice, id: transactionId })).toMatchObject({
      status: 'FAILED',
      entries: [],
    });
    expect((await getWallet(db, { userId: alice, currency: 'ETH' })).posted).toBe(100n);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('reverses once, in part, with its own date', async () => {
    const { db } = database;
    const { alice, bob, original } = await transferSixty();
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

  test('says that it was reversed, whatever else stands in the way', async () => {
    const { db } = database;
    const { alice, bob, original } = await transferSixty();
    const undo = (more: object) =>
      reverseTransaction(db, {
        userId: alice,
        transactionId: original.id,
        idempotencyKey: randomUUID(),
        ...more,
      });
    const first = await undo({ amount: 60n, idempotencyKey: 'first' });
    const already = { code: 'ALREADY_REVERSED' };
    // Bob has nothing left.
    expect(await rejection(undo({}))).toMatchObject(already);
    expect(await rejection(undo({ amount: 61n }))).toMatchObject(already);
    await closeWallet(db, zar(bob));
    expect(await rejection(undo({}))).toMatchObject(already);
    expect(await undo({ amount: 60n, idempotencyKey: 'first' })).toEqual(first);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('fails while the money is gone, and succeeds later; one of 16 racers wins', async () => {
    const { db } = database;
    const { alice, bob, original } = await transferSixty();
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
