import { describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  closeWallet,
  expireHolds,
  getWallet,
  placeHold,
  postTransfers,
  releaseHold,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { plant } from '../audit/planting.ts';
import { createHolder, SOUND } from '../bundle.ts';

const database = useTestDatabase({ max: 40 });
const soon = new Date('2999-01-01');

function hold(userId: string, amount: bigint, idempotencyKey: string, expiresAt = soon) {
  return placeHold(database.db, { userId, currency: 'ZAR', amount, idempotencyKey, expiresAt });
}

function wallet(userId: string) {
  return getWallet(database.db, { userId, currency: 'ZAR' });
}

function pay(from: string, to: string, amount: bigint, idempotencyKey: string) {
  return {
    from: { userId: from, currency: 'ZAR' },
    to: { userId: to, currency: 'ZAR' },
    amount,
    idempotencyKey,
  };
}

/** A hold that was due a minute ago and that nobody has swept. */
async function placeDueHold(userId: string, amount: bigint): Promise<string> {
  const { id } = await hold(userId, amount, `due ${amount}`);
  const { $client } = database.db;
  await $client.query(`alter table finance.holds disable trigger holds_resolved_once`);
  await $client.query(
    `update finance.holds
     set created_at = now() - interval '2 minutes', expires_at = now() - interval '1 minute'
     where user_id = $1 and id = $2`,
    [userId, id],
  );
  await $client.query(`alter table finance.holds enable trigger holds_resolved_once`);
  await $client.query(`alter table finance.wallets disable trigger wallets_moved_by_ledger`);
  await $client.query(
    `update finance.wallets
     set hold_expires_at = (
       select min(expires_at) from finance.holds where user_id = $1 and status = 'PENDING'
     ) where user_id = $1`,
    [userId],
  );
  await $client.query(`alter table finance.wallets enable trigger wallets_moved_by_ledger`);
  return id;
}

describe('placeHold', () => {
  test('sets money aside, so that nobody can spend it twice', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const placed = await hold(alice, 70n, 'h');
    expect(await hold(alice, 70n, 'h')).toEqual(placed);
    expect(await wallet(alice)).toMatchObject({ posted: 100n, held: 70n, available: 30n });
    expect(await rejection(hold(alice, 31n, 'h2'))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      available: 30n,
      requested: 31n,
    });
    expect(await rejection(transfer(db, pay(alice, bob, 31n, 't')))).toMatchObject({
      available: 30n,
    });
    // Not for lack of funds, which may come: that time never will.
    for (const [key, amount] of [
      ['h3', 1n],
      ['h4', 1_000n],
    ] as const) {
      expect(await rejection(hold(alice, amount, key, new Date('2020-01-01')))).toMatchObject({
        code: 'HOLD_EXPIRED',
      });
    }
  });
});

describe('captureHold', () => {
  test('moves a part and frees the rest, once', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const { id: holdId } = await hold(alice, 70n, 'h');
    const decoy = await hold(alice, 10n, 'decoy');
    const request = {
      userId: alice,
      holdId,
      to: { userId: bob },
      amount: 50n,
      idempotencyKey: 'c',
    };
    const captured = await captureHold(db, request);
    expect(captured).toMatchObject({ type: 'CAPTURE', amount: 50n });
    expect(await captureHold(db, request)).toEqual(captured);
    expect(await wallet(alice)).toMatchObject({ posted: 50n, held: 10n });
    expect(await wallet(bob)).toMatchObject({ posted: 50n });
    expect(await rejection(captureHold(db, { ...request, idempotencyKey: 'c2' }))).toMatchObject({
      code: 'HOLD_RESOLVED',
    });
    expect(
      await rejection(releaseHold(db, { userId: alice, holdId, idempotencyKey: 'r' })),
    ).toMatchObject({ code: 'HOLD_RESOLVED' });
    expect(
      await rejection(
        captureHold(db, {
          ...request,
          holdId: decoy.id,
          amount: 11n,
          idempotencyKey: 'c3',
        }),
      ),
    ).toMatchObject({ code: 'HOLD_EXCEEDED', requested: 11n });
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('lets one of 16 captures and 16 releases win', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const { id: holdId } = await hold(alice, 70n, 'h');
    const settled = await Promise.allSettled(
      Array.from({ length: 32 }, (_, i) =>
        i % 2 === 0
          ? captureHold(db, { userId: alice, holdId, to: { userId: bob }, idempotencyKey: `c${i}` })
          : releaseHold(db, { userId: alice, holdId, idempotencyKey: `r${i}` }),
      ),
    );
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await wallet(alice)).held).toBe(0n);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('does not find a stranger’s hold', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const { id: holdId } = await hold(alice, 70n, 'h');
    expect(
      await rejection(releaseHold(db, { userId: bob, holdId, idempotencyKey: 'r' })),
    ).toMatchObject({ code: 'NOT_FOUND', entity: 'hold' });
  });
});

describe('releaseHold', () => {
  test('frees the money and answers the same again', async () => {
    const { db } = database;
    const alice = await createHolder(db, 100n);
    const { id: holdId } = await hold(alice, 70n, 'h');
    const request = { userId: alice, holdId, idempotencyKey: 'r' };
    const released = await releaseHold(db, request);
    expect(await releaseHold(db, request)).toEqual(released);
    expect(await wallet(alice)).toMatchObject({ held: 0n, available: 100n });
  });
});

describe('a due hold', () => {
  test('holds nothing before it is swept: read, spent, batched, and then swept to the same', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    await placeDueHold(alice, 80n);
    await hold(alice, 5n, 'not due');
    expect(await wallet(alice)).toMatchObject({ held: 5n, available: 95n });
    await transfer(db, pay(alice, bob, 95n, 't'));
    expect(await wallet(alice)).toMatchObject({ posted: 5n, held: 5n });

    const carol = await createHolder(db, 100n);
    await placeDueHold(carol, 100n);
    const [result] = await postTransfers(db, { transfers: [pay(carol, bob, 100n, 't')] });
    expect(result?.status).toBe('completed');

    const dave = await createHolder(db, 100n);
    await placeDueHold(dave, 60n);
    const before = await wallet(dave);
    while ((await expireHolds(db)) > 0);
    const after = await wallet(dave);
    expect({ ...after, updatedAt: before.updatedAt }).toEqual(before);
    expect(after).toMatchObject({ held: 0n });
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('that a wallet only seems to have keeps no batch waiting', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const hint = (value: string) =>
      plant(db, `update finance.wallets set hold_expires_at = ${value} where user_id = '${alice}'`);
    await hint(`now() - interval '1 minute'`);
    const [result] = await postTransfers(db, { transfers: [pay(alice, bob, 100n, 't')] });
    expect(result?.status).toBe('completed');
    await hint('null');
  });

  test('is left for the next sweep while its wallet is locked, and keeps no other waiting', async () => {
    const { db } = database;
    const [busy, idle] = await Promise.all([createHolder(db, 100n), createHolder(db, 100n)]);
    // With a limit of one, those of the locked wallet are the longest due.
    await placeDueHold(busy, 80n);
    await placeDueHold(idle, 70n);
    const unswept = async () => {
      const { rows } = await db.$client.query(
        `select user_id from finance.holds where status = 'PENDING' and user_id in ($1, $2)`,
        [busy, idle],
      );
      return rows.map((row) => row.user_id);
    };
    const client = await db.$client.connect();
    try {
      await client.query('begin');
      await client.query('select from finance.wallets where user_id = $1 for no key update', [
        busy,
      ]);
      while ((await expireHolds(db, { limit: 1 })) > 0);
      expect(await unswept()).toEqual([busy]);
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect(await expireHolds(db)).toBe(1);
    expect(await unswept()).toEqual([]);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('can neither be captured nor released', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
    const holdId = await placeDueHold(alice, 80n);
    expect(
      await rejection(
        captureHold(db, { userId: alice, holdId, to: { userId: bob }, idempotencyKey: 'c' }),
      ),
    ).toMatchObject({ code: 'HOLD_EXPIRED' });
    expect(
      await rejection(releaseHold(db, { userId: alice, holdId, idempotencyKey: 'r' })),
    ).toMatchObject({ code: 'HOLD_EXPIRED' });
    expect(await wallet(alice)).toMatchObject({ held: 0n, posted: 100n });
  });
});

describe('closeWallet', () => {
  test('closes an empty wallet, which then takes nothing', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createHolder(db), createHolder(db, 10n)]);
    expect(await rejection(closeWallet(db, { userId: bob, currency: 'ZAR' }))).toMatchObject({
      code: 'WALLET_NOT_EMPTY',
    });
    expect(await closeWallet(db, { userId: alice, currency: 'ZAR' })).toMatchObject({
      status: 'CLOSED',
    });
    expect(await rejection(transfer(db, pay(bob, alice, 1n, 't')))).toMatchObject({
      code: 'WALLET_CLOSED',
    });
    const [result] = await postTransfers(db, { transfers: [pay(bob, alice, 1n, 't2')] });
    expect(result).toMatchObject({ status: 'rejected', error: { code: 'WALLET_CLOSED' } });
  });
});
