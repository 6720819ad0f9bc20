import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  deposit,
  exchange,
  getBalanceAt,
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
import { EXTERNAL, postingSql, transactionSql } from './ledger-sql.ts';

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

describe('the past', () => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

  test.each([1 / 60, 1, 8, 60 * 24 * 365])(
    'is recorded already: %d minutes ago',
    async (minutes) => {
      const { db } = database;
      const alice = await createHolder(db);
      const at = { ...zar(alice), recordedAt: new Date(minutesAgo(minutes / 2)) };
      await plant(
        db,
        `update finance.wallets set posted_at = '2020-01-01' where user_id = '${EXTERNAL}' and currency = 'ZAR'`,
      );
      const text = await postingSql(
        db,
        { userId: alice, type: 'DEPOSIT', recordedAt: minutesAgo(minutes) },
        [
          { owner: EXTERNAL, amount: -5 },
          { owner: alice, amount: 5 },
        ],
      );
      const refusal = await refusalOf(db, text);
      await plant(
        db,
        `update finance.wallets set posted_at = (select max(recorded_at) from finance.entries
         where user_id = '${EXTERNAL}' and currency = 'ZAR') where user_id = '${EXTERNAL}' and currency = 'ZAR'`,
      );
      expect(refusal).toEqual({
        code: '23514',
        table: 'entries',
        constraint: 'entries_recorded_by_clock_check',
      });
      expect(await getBalanceAt(db, at)).toBe(0n);
      expect(await findings()).toEqual([]);
    },
  );

  test.each([
    ['HOLD', 'PENDING', minutesAgo(8)],
    ['TRANSFER', 'PENDING', minutesAgo(8)],
    ['TRANSFER', 'FAILED', minutesAgo(8)],
    ['TRANSFER', 'FAILED', '2999-01-01T00:00:00Z'],
  ])('is not written as a %s that is %s', async (type, status, recordedAt) => {
    const { db } = database;
    const userId = await createHolder(db);
    expect(await refusalOf(db, transactionSql({ userId, type, status, recordedAt }))).toEqual({
      code: '23514',
      table: 'transactions',
      constraint: 'transactions_recorded_by_clock_check',
    });
    const id = randomUUID();
    await db.$client.query(transactionSql({ userId, type, id, status: 'PENDING' }));
    const later = `update finance.transactions set recorded_at = '${recordedAt}' where id = '${id}'`;
    expect((await refusalOf(db, later)).constraint).toBe('transactions_recorded_by_clock_check');
  });

  test('is not where a hold began or ended', async () => {
    const { db } = database;
    const userId = await createHolder(db, 100n);
    const refusal = { code: '23514', table: 'holds', constraint: 'holds_recorded_by_clock_check' };
    const placed = (createdAt: string) => {
      const id = randomUUID();
      return `${transactionSql({ userId, id, type: 'HOLD' })}
        insert into finance.holds (user_id, id, currency, amount, created_at, expires_at)
        values ('${userId}', '${id}', 'ZAR', 5, '${createdAt}', '2999-01-01');`;
    };
    for (const createdAt of [minutesAgo(8), '2998-01-01']) {
      expect(await refusalOf(db, placed(createdAt))).toEqual(refusal);
    }
    const { id } = await hold(userId, 10n, inSeconds(3_600));
    const release = randomUUID();
    const resolved = `${transactionSql({ userId, id: release, type: 'RELEASE', amount: 10 })}
      update finance.holds set status = 'RELEASED', resolution_id = '${release}',
        resolved_at = '2998-01-01' where id = '${id}';`;
    expect(await refusalOf(db, resolved)).toEqual(refusal);
    const aged = `update finance.holds set created_at = '2020-01-01' where id = '${id}'`;
    expect((await refusalOf(db, aged)).constraint).toBe('holds_append_only');
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
