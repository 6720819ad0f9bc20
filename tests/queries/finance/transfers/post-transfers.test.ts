import { describe, expect, test } from 'vitest';
import {
  auditLedger,
  getWallet,
  postTransfers,
  type TransferParams,
  type TransferResult,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';

const database = useTestDatabase({ max: 20 });

function move(from: string, to: string, amount: bigint, idempotencyKey: string): TransferParams {
  return {
    from: { userId: from, currency: 'ZAR' },
    to: { userId: to, currency: 'ZAR' },
    amount,
    idempotencyKey,
  };
}

async function posted(...users: string[]) {
  const wallets = users.map((userId) => getWallet(database.db, { userId, currency: 'ZAR' }));
  return (await Promise.all(wallets)).map((wallet) => wallet.posted);
}

function codes(results: TransferResult[]) {
  return results.map((one) => (one.status === 'completed' ? 'ok' : one.error.code));
}

describe('postTransfers', () => {
  test('posts as if one by one: later ones see what earlier ones left, a rejected one moves nothing', async () => {
    const { db } = database;
    const [a, b, c, decoy] = await Promise.all([
      createHolder(db, 100n),
      createHolder(db),
      createHolder(db),
      createHolder(db, 5n),
    ]);
    const results = await postTransfers(db, {
      transfers: [
        move(b, c, 1n, '1'),
        move(a, b, 60n, '2'),
        move(a, c, 60n, '3'),
        move(b, c, 50n, '4'),
        move(c, a, 20n, '5'),
        move(a, c, 60n, '6'),
      ],
    });
    expect(codes(results)).toEqual([
      'INSUFFICIENT_FUNDS',
      'ok',
      'INSUFFICIENT_FUNDS',
      'ok',
      'ok',
      'ok',
    ]);
    expect(results[2]).toMatchObject({ error: { available: 40n, requested: 60n } });
    expect(await posted(a, b, c, decoy)).toEqual([0n, 10n, 90n, 5n]);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('answers the same again, also item by item and for rejections', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const transfers = [move(a, b, 60n, '1'), move(a, b, 60n, '2'), move(a, b, 10n, '3')];
    const first = await postTransfers(db, { transfers });
    expect(codes(first)).toEqual(['ok', 'INSUFFICIENT_FUNDS', 'ok']);
    expect(await postTransfers(db, { transfers: transfers.toReversed() })).toEqual(
      first.toReversed(),
    );
    const [one] = first;
    expect(one?.status === 'completed' && one.transaction).toEqual(
      await transfer(db, move(a, b, 60n, '1')),
    );
    expect(await posted(a, b)).toEqual([30n, 70n]);
  });

  test('treats a key that repeats within the batch as a repeated request', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const results = await postTransfers(db, {
      transfers: [move(a, b, 10n, 'k'), move(a, b, 10n, 'k'), move(a, b, 11n, 'k')],
    });
    expect(codes(results)).toEqual(['ok', 'ok', 'IDEMPOTENCY_CONFLICT']);
    expect(results[1]).toEqual(results[0]);
    expect(await posted(a, b)).toEqual([90n, 10n]);
  });

  test('posts all or nothing when atomic, and remembers that', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const transfers = [move(a, b, 60n, '1'), move(a, b, 60n, '2')];
    const first = await postTransfers(db, { transfers, atomic: true });
    expect(codes(first)).toEqual(['BATCH_REJECTED', 'INSUFFICIENT_FUNDS']);
    expect(await postTransfers(db, { transfers, atomic: true })).toEqual(first);
    expect(await posted(a, b)).toEqual([100n, 0n]);
    const fine = await postTransfers(db, {
      transfers: [move(a, b, 60n, '3'), move(b, a, 10n, '4')],
      atomic: true,
    });
    expect(codes(fine)).toEqual(['ok', 'ok']);
    expect(await posted(a, b)).toEqual([50n, 50n]);
  });

  test('an atomic batch with the key of another request posts nothing', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    await transfer(db, move(a, b, 1n, 'taken'));
    const results = await postTransfers(db, {
      transfers: [move(a, b, 5n, 'new'), move(a, b, 2n, 'taken')],
      atomic: true,
    });
    expect(codes(results)).toEqual(['BATCH_REJECTED', 'IDEMPOTENCY_CONFLICT']);
    expect(await posted(a, b)).toEqual([99n, 1n]);
  });

  test('names the transfer and the field of bad input, and posts none', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const error = await rejection(
      postTransfers(db, { transfers: [move(a, b, 1n, '1'), move(a, b, 0n, '2')] }),
    );
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field: 'transfers.1.amount' });
    expect(await posted(a, b)).toEqual([100n, 0n]);
  });

  test('holds a thousand transfers of one hot wallet', async () => {
    const { db } = database;
    const hot = await createHolder(db, 1_000_000n);
    const others = await Promise.all(Array.from({ length: 10 }, () => createHolder(db)));
    const transfers = Array.from({ length: 1_000 }, (_, i) =>
      move(hot, others[i % 10] ?? '', BigInt(i + 1), `h${i}`),
    );
    const results = await postTransfers(db, { transfers });
    expect(new Set(codes(results))).toEqual(new Set(['ok']));
    expect(await posted(hot)).toEqual([1_000_000n - 500_500n]);
    expect(await getWallet(db, { userId: hot, currency: 'ZAR' })).toMatchObject({
      version: 1_001n,
    });
    expect(await auditLedger(db)).toEqual(SOUND);
  });
});
