import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  getWallet,
  placeHold,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { waitFor } from '../../../setup/wait-for.ts';
import { createHolder, refusalOf, SOUND } from '../bundle.ts';
import {
  type EntryValues,
  postingSql,
  type TransactionValues,
  transactionSql,
} from '../transfers/ledger-sql.ts';

const database = useTestDatabase();
let bob: string;
let carol: string;

beforeAll(async () => {
  bob = await createHolder(database.db);
  carol = await createHolder(database.db, 1_000n);
});

async function place(amount: bigint): Promise<string> {
  const placed = await placeHold(database.db, {
    userId: carol,
    currency: 'ZAR',
    amount,
    expiresAt: new Date('2999-01-01'),
    idempotencyKey: randomUUID(),
  });
  return placed.id;
}

const held = async () => (await getWallet(database.db, { userId: carol, currency: 'ZAR' })).held;

const holdSql = (id: string, amount: number, currency = 'ZAR') =>
  `insert into finance.holds (user_id, id, currency, amount, expires_at)
   values ('${carol}', '${id}', '${currency}', ${amount}, now() + interval '1 hour');`;

// The ledger's times are rounded up, so a hold can be a moment younger than the clock.
const resolveSql = (holdId: string, resolution: string, status: string, captured = 0) =>
  `update finance.holds set status = '${status}', captured = ${captured},
     resolved_at = greatest(clock_timestamp(), created_at), resolution_id = '${resolution}' where id = '${holdId}';`;

describe('holds', () => {
  test('are resolved once and never deleted', async () => {
    const { db } = database;
    const [holdId, open] = [await place(10n), await place(10n)];
    await captureHold(db, { userId: carol, holdId, to: { userId: bob }, idempotencyKey: 'c' });
    const before = await held();
    for (const text of [
      `update finance.holds set status = 'PENDING', captured = 0, resolved_at = null, resolution_id = null where id = '${holdId}'`,
      `update finance.holds set amount = 11 where id = '${open}'`,
      `update finance.holds set expires_at = now() + interval '1 day' where id = '${open}'`,
      `delete from finance.holds`,
    ]) {
      expect(await refusalOf(db, text)).toEqual({
        code: '23001',
        table: 'holds',
        constraint: 'holds_append_only',
      });
    }
    expect(await held()).toBe(before);
  });

  test('from plain SQL move what is held, and cannot exceed what is there', async () => {
    const { db } = database;
    const before = await getWallet(db, { userId: carol, currency: 'ZAR' });
    const both = (amount: number, id = randomUUID()) =>
      transactionSql({ userId: carol, id, type: 'HOLD', amount }) + holdSql(id, amount);
    expect(await refusalOf(db, both(Number(before.available) + 1))).toMatchObject({
      code: '23514',
      constraint: 'wallets_available_check',
    });
    const id = randomUUID();
    await db.$client.query(both(40, id));
    expect(await held()).toBe(before.held + 40n);
    const release = randomUUID();
    await db.$client.query(
      transactionSql({ userId: carol, id: release, type: 'RELEASE', amount: 40 }) +
        resolveSql(id, release, 'RELEASED'),
    );
    expect(await held()).toBe(before.held);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  type Case = [string, Partial<TransactionValues>, number, string?];
  test.each<Case>([
    ['a pending one', { status: 'PENDING' }, 5],
    ['a failed one', { status: 'FAILED' }, 5],
    ['one of another amount', { amount: 6 }, 5],
    ['one of another currency', { currency: 'USD' }, 5],
    ['one that is no hold', { type: 'DEPOSIT', status: 'COMPLETED' }, 5],
  ])('are not placed by %s', async (_what, transaction, amount) => {
    const id = randomUUID();
    const placed = transactionSql({ userId: carol, id, type: 'HOLD', ...transaction });
    expect(await refusalOf(database.db, placed + holdSql(id, amount))).toEqual({
      code: '23514',
      table: 'holds',
      constraint: 'holds_placed_by_hold_check',
    });
  });

  const legs = (amount = 5): EntryValues[] => [
    { owner: carol, amount: -amount },
    { owner: bob, amount },
  ];

  test.each<[string, Partial<TransactionValues>]>([
    ['a transfer', { type: 'TRANSFER' }],
    ['a capture of another amount', { type: 'CAPTURE', amount: 6 }],
    ['a release', { type: 'RELEASE' }],
    ['a pending capture', { type: 'CAPTURE', status: 'PENDING' }],
  ])('are not captured by %s', async (_what, transaction) => {
    const [holdId, id] = [await place(10n), randomUUID()];
    const posted = transactionSql({ userId: carol, id, ...transaction });
    expect(await refusalOf(database.db, posted + resolveSql(holdId, id, 'CAPTURED', 5))).toEqual({
      code: '23514',
      table: 'holds',
      constraint: 'holds_captured_by_capture_check',
    });
  });

  test('are captured by a capture of as much, from plain SQL too', async () => {
    const { db } = database;
    const [holdId, id] = [await place(10n), randomUUID()];
    const before = await held();
    await db.$client.query(
      resolveLater(
        holdId,
        id,
        await postingSql(db, { userId: carol, id, type: 'CAPTURE' }, legs()),
      ),
    );
    expect(await held()).toBe(before - 10n);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  /** The hold is over before its money moves, as in the functions. */
  function resolveLater(holdId: string, id: string, posting: string): string {
    return posting.replace(
      'insert into finance.entries',
      `${resolveSql(holdId, id, 'CAPTURED', 5)} insert into finance.entries`,
    );
  }

  test.each<[string, Partial<TransactionValues>]>([
    ['a transfer', { type: 'TRANSFER' }],
    ['a release of another amount', { type: 'RELEASE', amount: 6 }],
    ['a failed release', { type: 'RELEASE', amount: 10, status: 'FAILED' }],
  ])('are not released by %s', async (_what, transaction) => {
    const [holdId, id] = [await place(10n), randomUUID()];
    const posted = transactionSql({ userId: carol, id, ...transaction });
    expect(await refusalOf(database.db, posted + resolveSql(holdId, id, 'RELEASED'))).toEqual({
      code: '23514',
      table: 'holds',
      constraint: 'holds_released_by_release_check',
    });
  });

  test('are not released two by one transaction', async () => {
    const [one, two, id] = [await place(5n), await place(5n), randomUUID()];
    const release = transactionSql({ userId: carol, id, type: 'RELEASE' });
    const text = release + resolveSql(one, id, 'RELEASED') + resolveSql(two, id, 'RELEASED');
    expect(await refusalOf(database.db, text)).toMatchObject({
      code: '23505',
      constraint: 'holds_user_id_resolution_id_key',
    });
  });

  test('do not expire before they are due', async () => {
    const holdId = await place(5n);
    const text = `update finance.holds set status = 'EXPIRED', resolved_at = created_at where id = '${holdId}'`;
    expect(await refusalOf(database.db, text)).toMatchObject({
      code: '23514',
      constraint: 'holds_expired_when_due_check',
    });
  });

  test('do not expire before they are due by the clock, whatever time they are given', async () => {
    const { db } = database;
    const holdId = await place(5n);
    const before = await held();
    const text = `update finance.holds set status = 'EXPIRED', resolved_at = expires_at where id = '${holdId}'`;
    expect(await refusalOf(db, text)).toEqual({
      code: '23514',
      table: 'holds',
      constraint: 'holds_expired_by_clock_check',
    });
    expect(await held()).toBe(before);
    const request = { userId: carol, holdId, to: { userId: bob }, idempotencyKey: randomUUID() };
    expect(await captureHold(db, request)).toMatchObject({ type: 'CAPTURE', amount: 5n });
  });

  test('that open at once by plain SQL leave their wallet the earliest end', async () => {
    const { db } = database;
    const dave = await createHolder(db, 100n);
    const open = (due: string) => {
      const id = randomUUID();
      return `${transactionSql({ userId: dave, id, type: 'HOLD' })}
        insert into finance.holds (user_id, id, currency, amount, expires_at)
        values ('${dave}', '${id}', 'ZAR', 5, clock_timestamp() + interval '${due}');`;
    };
    const first = await db.$client.connect();
    try {
      await first.query(`begin; ${open('600 milliseconds')}`);
      const second = db.$client.query(open('1 hour'));
      await waitFor('the second waits for the wallet', async () => {
        const { rowCount } = await db.$client.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rowCount === 1;
      });
      await first.query('commit');
      await second;
    } finally {
      first.release();
    }
    expect(await auditLedger(db)).toEqual(SOUND);
    await waitFor('the first is due', async () => {
      const { held: kept } = await getWallet(db, { userId: dave, currency: 'ZAR' });
      return kept === 5n;
    });
    const to = { userId: bob, currency: 'ZAR' };
    const from = { userId: dave, currency: 'ZAR' };
    await transfer(db, { from, to, amount: 95n, idempotencyKey: 'rest' });
  });
});
