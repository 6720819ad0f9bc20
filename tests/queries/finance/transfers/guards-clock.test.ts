import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  deposit,
  exchange,
  getWallet,
  openWallet,
  placeHold,
  postTransfers,
  reverseTransaction,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { plant } from '../audit/planting.ts';
import { createHolder, refusalOf } from '../bundle.ts';
import { EXTERNAL, postingSql } from './ledger-sql.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000);

const move = (from: string, to: string, amount: bigint) => ({
  from: zar(from),
  to: zar(to),
  amount,
  idempotencyKey: randomUUID(),
});

const hold = (userId: string, amount: bigint, expiresAt: Date) =>
  placeHold(database.db, { ...zar(userId), amount, expiresAt, idempotencyKey: randomUUID() });

/** Two that dealt with each other by a clock that was ahead, and was then set back. */
async function createAhead(iso: string): Promise<[string, string]> {
  const { db } = database;
  const [payer, payee] = [await createHolder(db, 100n), await createHolder(db)];
  const { id } = await transfer(db, move(payer, payee, 100n));
  await plant(
    db,
    `update finance.transactions set recorded_at = '${iso}', occurred_at = '${iso}' where id = '${id}'`,
    `update finance.entries set recorded_at = '${iso}' where transaction_id = '${id}'`,
    `update finance.wallets set posted_at = '${iso}' where user_id in ('${payer}', '${payee}')`,
  );
  return [payee, payer];
}

async function findings(): Promise<string[]> {
  const { findings: found } = await auditLedger(database.db);
  return found.map(({ kind, keys }) => `${kind} ${keys.userId} ${keys.currency}`).sort();
}

const ahead = (...users: string[]) => users.map((userId) => `TIME_AHEAD ${userId} ZAR`).sort();

describe('the recorded time of an entry', () => {
  test('may be a little ahead of the clock, and no more, so that nobody takes the others ahead', async () => {
    const { db } = database;
    const alice = await createHolder(db);
    const bob = await createHolder(db);
    const legs = [
      { owner: EXTERNAL, amount: -5 },
      { owner: alice, amount: 5 },
    ];
    const far = { userId: alice, type: 'DEPOSIT', recordedAt: '2999-01-01T00:00:00.000Z' };
    expect(await refusalOf(db, await postingSql(db, far, legs))).toEqual({
      code: '23514',
      table: 'entries',
      constraint: 'entries_recorded_by_clock_check',
    });
    const near = { ...far, recordedAt: inSeconds(2).toISOString() };
    await db.$client.query(await postingSql(db, near, legs));
    const request = { ...zar(bob), amount: 5n, idempotencyKey: 'd' };
    expect((await deposit(db, request)).recordedAt).toEqual(new Date(near.recordedAt));
    expect(await findings()).toEqual([]);
  });
});

describe('after the clock was set back', () => {
  let at: Date;
  let alice: string;
  let payer: string;
  let bob: string;

  beforeAll(async () => {
    const { db } = database;
    at = inSeconds(3_600);
    [alice, payer] = await createAhead(at.toISOString());
    bob = await createHolder(db, 100n);
  });

  test('others are recorded by the clock, in one batch with a refused transfer of that wallet too', async () => {
    const { db } = database;
    const carol = await createHolder(db);
    const [refused, done] = await postTransfers(db, {
      transfers: [move(payer, bob, 1n), move(bob, carol, 1n)],
    });
    expect(refused).toMatchObject({ status: 'rejected', error: { code: 'INSUFFICIENT_FUNDS' } });
    expect(done).toMatchObject({ status: 'completed' });
    expect(await findings()).toEqual(ahead(alice, payer));
  });

  test('a wallet goes on at the time that it has, and takes nobody further ahead', async () => {
    const { db } = database;
    const [dave, erin] = [await createHolder(db), await createHolder(db)];
    const sent = await transfer(db, move(alice, dave, 20n));
    expect(sent.recordedAt).toEqual(at);
    const [first, second] = await postTransfers(db, {
      transfers: [move(alice, dave, 2n), move(bob, erin, 1n)],
    });
    expect([first, second]).toMatchObject([
      { status: 'completed', transaction: { recordedAt: at } },
      { status: 'completed', transaction: { recordedAt: at } },
    ]);
    const { id: holdId } = await hold(alice, 4n, inSeconds(60));
    const to = { userId: dave };
    const captured = await captureHold(db, {
      userId: alice,
      holdId,
      to,
      idempotencyKey: randomUUID(),
    });
    expect(captured.recordedAt).toEqual(at);
    const back = { userId: alice, transactionId: sent.id, idempotencyKey: randomUUID() };
    expect((await reverseTransaction(db, back)).recordedAt).toEqual(at);
    expect(await getWallet(db, zar(dave))).toMatchObject({ posted: 6n });

    const later = new Date(at.getTime() + 1).toISOString();
    const text = await postingSql(db, { userId: alice, recordedAt: later }, [
      { owner: alice, amount: -5 },
      { owner: dave, amount: 5 },
    ]);
    expect(await refusalOf(db, text)).toMatchObject({
      constraint: 'entries_recorded_by_clock_check',
    });
    expect(await findings()).toEqual(ahead(alice, payer, bob, dave, erin));
  });

  test('a wallet whose time is no whole millisecond goes on as well', async () => {
    const { db } = database;
    const [frank, other] = await createAhead(at.toISOString().replace('Z', '005Z'));
    const { recordedAt } = await transfer(db, move(frank, other, 1n));
    expect(recordedAt.getTime()).toBe(at.getTime() + 1);
  });
});

describe('a hold', () => {
  test('ends by the clock, also in a wallet that is ahead of it', async () => {
    const { db } = database;
    const [gina] = await createAhead(inSeconds(7_200).toISOString());
    const heidi = await createHolder(db);
    await openWallet(db, { userId: gina, currency: 'USD' });
    const { id: holdId } = await hold(gina, 60n, inSeconds(3_600));
    const short = { code: 'INSUFFICIENT_FUNDS', available: 40n };
    expect(await rejection(transfer(db, move(gina, heidi, 41n)))).toMatchObject(short);
    const [batched] = await postTransfers(db, { transfers: [move(gina, heidi, 41n)] });
    expect(batched).toMatchObject({ status: 'rejected', error: short });
    const exchanged = exchange(db, {
      userId: gina,
      from: 'ZAR',
      to: 'USD',
      amount: 41n,
      rate: { numerator: 1n, denominator: 1n },
      idempotencyKey: 'x',
    });
    expect(await rejection(exchanged)).toMatchObject(short);
    const request = { userId: gina, holdId, to: { userId: heidi }, idempotencyKey: 'c' };
    expect(await captureHold(db, request)).toMatchObject({ type: 'CAPTURE', amount: 60n });
  });

  test('that was placed by a clock which was ahead takes nobody there', async () => {
    const { db } = database;
    const [ivan, judy] = [await createHolder(db, 100n), await createHolder(db)];
    const { id: holdId } = await hold(ivan, 60n, inSeconds(7_200));
    await plant(
      db,
      `update finance.holds set created_at = now() + interval '1 hour' where id = '${holdId}'`,
    );
    const request = { userId: ivan, holdId, to: { userId: judy }, idempotencyKey: 'c' };
    const { recordedAt } = await captureHold(db, request);
    expect(recordedAt.getTime()).toBeLessThan(inSeconds(60).getTime());
  });
});
