import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  deposit,
  getWallet,
  openWallet,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, refusalOf, SOUND } from '../bundle.ts';
import {
  type EntryValues,
  entriesSql,
  postingSql,
  soon,
  type TransactionValues,
  transactionSql,
} from './ledger-sql.ts';

/*
 * What the database itself refuses of entries. The test server's user owns every table, so this holds for the owner too.
 */
const database = useTestDatabase();

let alice: string;
let bob: string;
let transferId: string;

beforeAll(async () => {
  const { db } = database;
  [alice, bob] = [await createHolder(db, 100n), await createHolder(db, 50n)];
  for (const userId of [alice, bob]) {
    await openWallet(db, { userId, currency: 'USD' });
    await deposit(db, { userId, currency: 'USD', amount: 90n, idempotencyKey: 'usd' });
  }
});

const legs = (amount = 5, currency = 'ZAR'): EntryValues[] => [
  { owner: alice, amount: -amount, currency },
  { owner: bob, amount, currency },
];
const past = '2001-01-01T00:00:00Z';

describe('entries', () => {
  test('that fit are accepted from plain SQL, and move the wallets', async () => {
    const { db } = database;
    transferId = randomUUID();
    await db.$client.query(await postingSql(db, { userId: alice, id: transferId }, legs()));
    expect(await getWallet(db, { userId: alice, currency: 'ZAR' })).toMatchObject({
      posted: 95n,
      version: 2n,
    });
    expect(await getWallet(db, { userId: bob, currency: 'ZAR' })).toMatchObject({ posted: 55n });
    const exchange = { userId: alice, type: 'EXCHANGE' };
    await db.$client.query(await postingSql(db, exchange, [...legs(), ...legs(3, 'USD')]));
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  type Case = [string, string, Partial<TransactionValues>, () => EntryValues[]];
  test.each<Case>([
    ['one leg alone', 'entries_balance_check', {}, () => legs().slice(1)],
    [
      'legs that do not sum to zero',
      'entries_balance_check',
      {},
      () => [...legs().slice(1), { owner: alice, amount: -6 }],
    ],
    ['a failed transaction', 'entries_of_completed_transaction_check', { status: 'FAILED' }, legs],
    ['a pending one', 'entries_of_completed_transaction_check', { status: 'PENDING' }, legs],
    ['one in process', 'entries_of_completed_transaction_check', { status: 'PROCESSING' }, legs],
    ['a cancelled one', 'entries_of_completed_transaction_check', { status: 'CANCELLED' }, legs],
    ['a hold', 'entries_of_moving_transaction_check', { type: 'HOLD' }, legs],
    ['a release', 'entries_of_moving_transaction_check', { type: 'RELEASE' }, legs],
    ['less than the amount', 'entries_amount_check', { amount: 6 }, legs],
    ['more than the amount', 'entries_amount_check', { amount: 4 }, legs],
    ['another currency', 'entries_currency_check', {}, () => legs(5, 'USD')],
    ['a second currency', 'entries_currency_check', {}, () => [...legs(), ...legs(5, 'USD')]],
    [
      'an exchange that does not balance in a currency',
      'entries_balance_check',
      { type: 'EXCHANGE' },
      () => [...legs(), ...legs(5, 'USD').slice(1)],
    ],
    [
      'an exchange of more than its amount',
      'entries_amount_check',
      { type: 'EXCHANGE' },
      () => [...legs(6), ...legs(5, 'USD')],
    ],
    [
      'a recorded time that is not the transaction’s',
      'entries_recorded_at_check',
      {},
      () => legs().map((leg) => ({ ...leg, recordedAt: new Date(Date.now() + 90).toISOString() })),
    ],
    [
      'an occurred time that is not the transaction’s',
      'entries_occurred_at_check',
      {},
      () => legs().map((leg) => ({ ...leg, occurredAt: past })),
    ],
    [
      'no occurred time where there is one',
      'entries_occurred_at_check',
      { occurredAt: past },
      legs,
    ],
    ['an infinite time', 'transactions_instants_check', { recordedAt: 'infinity' }, legs],
    [
      'a gap in the versions',
      'entries_chain_check',
      {},
      () => legs().map((leg) => ({ ...leg, step: leg.owner === alice ? 2 : 1 })),
    ],
    [
      'a wrong balance after',
      'entries_chain_check',
      {},
      () => legs().map((leg) => ({ ...leg, after: 1n })),
    ],
    ['a time before that of the entry before', 'entries_chain_check', { recordedAt: past }, legs],
    [
      'a second entry whose balance does not follow from the first',
      'entries_chain_check',
      { amount: 10 },
      () => [
        { owner: alice, amount: -5 },
        { owner: alice, amount: -5, step: 2, after: 86n },
        { owner: bob, amount: 10 },
      ],
    ],
    ['more than the wallet has', 'wallets_available_check', { amount: 5000 }, () => legs(5000)],
    ['nothing', 'entries_amount_not_zero_check', {}, () => legs(0)],
  ])('of %s are refused', async (_what, constraint, transaction, entries) => {
    const { db } = database;
    const before = await getWallet(db, { userId: alice, currency: 'ZAR' });
    const text = await postingSql(db, { userId: alice, ...transaction }, entries());
    expect(await refusalOf(db, text)).toMatchObject({ code: '23514', constraint });
    expect(await getWallet(db, { userId: alice, currency: 'ZAR' })).toEqual(before);
  });

  test('in a second currency are refused in the reversal of what is no exchange', async () => {
    const { db } = database;
    const reversal = { userId: alice, type: 'REVERSAL', reverses: transferId };
    const text = await postingSql(db, reversal, [...legs(), ...legs(5, 'USD')]);
    expect(await refusalOf(db, text)).toMatchObject({
      code: '23514',
      constraint: 'entries_currency_check',
    });
  });

  test('are not added to a transaction that has some, nor inserted by two statements', async () => {
    const { db } = database;
    const { rows } = await db.$client.query(
      `select recorded_at from finance.transactions where id = $1`,
      [transferId],
    );
    const posted = { userId: alice, id: transferId, recordedAt: rows[0].recorded_at.toISOString() };
    const [id, recordedAt] = [randomUUID(), soon()];
    const other = transactionSql({ userId: alice, id, recordedAt });
    const { posted: before } = await getWallet(db, { userId: alice, currency: 'ZAR' });
    const halves = await Promise.all(
      [1, 3].map((step) =>
        entriesSql(db, { userId: alice, id, recordedAt }, [
          { owner: alice, amount: -5, step, after: before - 5n },
          { owner: alice, amount: 5, step: step + 1, after: before },
        ]),
      ),
    );
    // On a slow machine the transfer is past by now, which is refused as well.
    const late = `set local azora.import_history = 'on'; ${await entriesSql(db, posted, legs())}`;
    for (const text of [late, other + halves.join('')]) {
      expect(await refusalOf(db, text)).toMatchObject({
        code: '23514',
        constraint: 'entries_of_one_statement_check',
      });
    }
  });

  test('repeat no version', async () => {
    const { db } = database;
    const repeated = legs().map((leg) => ({ ...leg, step: 0 }));
    expect(await refusalOf(db, await postingSql(db, { userId: alice }, repeated))).toMatchObject({
      code: '23505',
      constraint: 'entries_pkey',
    });
  });

  test('of a wallet or transaction that does not exist are refused', async () => {
    const { db } = database;
    const missing = { userId: alice, id: randomUUID(), recordedAt: soon() };
    expect(await refusalOf(db, await entriesSql(db, missing, legs()))).toMatchObject({
      code: '23503',
      constraint: 'entries_transaction_fkey',
    });
    const text = (await postingSql(db, { userId: alice }, legs())).replace(
      `('${bob}', 'ZAR'`,
      `('${randomUUID()}', 'ZAR'`,
    );
    expect(await refusalOf(db, text)).toMatchObject({
      code: '23503',
      constraint: 'entries_user_id_currency_fkey',
    });
  });

  test.each([
    'update finance.entries set amount = amount + 1',
    'update finance.entries set amount = amount where false',
    'delete from finance.entries',
    'truncate finance.entries cascade',
  ])('never change: %s', async (text) => {
    expect(await refusalOf(database.db, text)).toEqual({
      code: '23001',
      table: expect.stringMatching(/^(entries|sealed_ranges)$/),
      constraint: expect.stringMatching(/^(entries|sealed_ranges)_append_only$/),
    });
  });
});
