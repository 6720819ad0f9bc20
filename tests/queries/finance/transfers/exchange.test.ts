import { describe, expect, test } from 'vitest';
import {
  auditLedger,
  exchange,
  getTransaction,
  getWallet,
  openWallet,
  reverseTransaction,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });

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
    expect(await auditLedger(db)).toEqual(SOUND);
  });
});
