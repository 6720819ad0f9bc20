import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { IdempotencyConflictError, transfer } from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, refusalOf } from '../bundle.ts';
import { EXTERNAL, postingSql, transactionSql } from './ledger-sql.ts';

const database = useTestDatabase();
let alice: string;
let bob: string;

beforeAll(async () => {
  alice = await createHolder(database.db, 100n);
  bob = await createHolder(database.db);
});

describe('transactions', () => {
  test.each([
    'update finance.transactions set amount = amount + 1',
    `update finance.transactions set status = 'CANCELLED'`,
    'delete from finance.transactions',
    'truncate finance.transactions cascade',
  ])('never change once completed: %s', async (text) => {
    expect(await refusalOf(database.db, text)).toMatchObject({
      code: '23001',
      constraint: expect.stringMatching(/_append_only$/),
    });
  });

  test.each([
    'amount = 6',
    `currency = 'USD'`,
    `type = 'DEPOSIT'`,
    `idempotency_key = 'other'`,
    `request_hash = sha256('other')`,
    'id = gen_random_uuid()',
  ])('are the request that they were before they are completed: %s', async (change) => {
    const { db } = database;
    const id = randomUUID();
    await db.$client.query(transactionSql({ userId: alice, id, status: 'PENDING' }));
    const text = `update finance.transactions set ${change} where id = '${id}'`;
    expect((await refusalOf(db, text)).constraint).toBe('transactions_append_only');
  });

  test.each([
    ['TRANSFER', 'transactions_completed_has_entries_check'],
    ['EXCHANGE', 'transactions_completed_has_entries_check'],
    ['CAPTURE', 'transactions_completed_has_hold_check'],
    ['HOLD', 'transactions_completed_has_hold_check'],
    ['RELEASE', 'transactions_completed_has_hold_check'],
  ])('of type %s are not completed by themselves', async (type, constraint) => {
    const { db } = database;
    const refusal = { code: '23514', table: 'transactions', constraint };
    expect(await refusalOf(db, transactionSql({ userId: alice, type }))).toEqual(refusal);
    const id = randomUUID();
    await db.$client.query(transactionSql({ userId: alice, type, id, status: 'PENDING' }));
    expect(
      await refusalOf(
        db,
        `update finance.transactions set status = 'COMPLETED' where id = '${id}'`,
      ),
    ).toEqual(refusal);
  });

  test('that capture need a hold beside their entries', async () => {
    const { db } = database;
    const capture = await postingSql(db, { userId: alice, type: 'CAPTURE' }, [
      { owner: alice, amount: -5 },
      { owner: EXTERNAL, amount: 5 },
    ]);
    expect(await refusalOf(db, capture)).toMatchObject({
      code: '23514',
      constraint: 'transactions_completed_has_hold_check',
    });
  });

  test.each([
    ['transactions_amount_positive_check', 'amount', '0'],
    ['transactions_idempotency_key_length_check', 'idempotency_key', `''`],
    ['transactions_request_hash_sha256_check', 'request_hash', `'x'`],
    ['transactions_metadata_object_check', 'metadata', `'[]'`],
    ['transactions_failure_check', 'failure_code', `'WALLET_CLOSED'`],
    ['transactions_failure_check', 'status', `'FAILED'`],
    ['transactions_rate_check', 'rate_numerator', '1'],
    ['transactions_rate_check', 'type', `'EXCHANGE'`],
    ['transactions_instants_check', 'occurred_at', `'infinity'`],
    ['transactions_instants_check', 'recorded_at', `'-infinity'`],
  ])('keep %s', async (constraint, column, value) => {
    const values: Record<string, string> = {
      user_id: `'${alice}'`,
      type: `'TRANSFER'`,
      status: `'COMPLETED'`,
      currency: `'ZAR'`,
      amount: '1',
      idempotency_key: `'guard'`,
      request_hash: `sha256('x')`,
      occurred_at: 'now()',
      recorded_at: 'now()',
      [column]: value,
    };
    const text = `insert into finance.transactions (${Object.keys(values)}) values (${Object.values(values)})`;
    expect(await refusalOf(database.db, text)).toMatchObject({ code: '23514', constraint });
  });

  test('have one key once for each initiator, and one completed reversal', async () => {
    const { db } = database;
    const id = randomUUID();
    const pending = transactionSql({ userId: alice, id, status: 'PENDING' });
    await db.$client.query(pending);
    const again = pending.replace(`'${id}'`, `'${randomUUID()}'`);
    expect(await refusalOf(db, again)).toMatchObject({
      code: '23505',
      constraint: 'transactions_idempotency_key_user_id_key',
    });

    const original = await transfer(db, {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 5n,
      idempotencyKey: 'to be reversed',
    });
    const reversal = { userId: alice, type: 'REVERSAL', reverses: original.id };
    const reverse = () =>
      postingSql(db, reversal, [
        { owner: alice, amount: 5 },
        { owner: bob, amount: -5 },
      ]);
    await db.$client.query(await reverse());
    expect(await refusalOf(db, await reverse())).toMatchObject({
      code: '23505',
      constraint: 'transactions_reverses_key',
    });
  });
});

describe('a transaction under a key that is not finished', () => {
  test.each(['PENDING', 'PROCESSING', 'CANCELLED'])('is no success: %s', async (status) => {
    const { db } = database;
    const request = {
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 5n,
    };
    const idempotencyKey = `open ${status}`;
    const sent = await transfer(db, { ...request, idempotencyKey: `probe ${status}` });
    const { rows } = await db.$client.query(
      'select request_hash from finance.transactions where id = $1',
      [sent.id],
    );
    const id = randomUUID();
    await db.$client.query(transactionSql({ userId: alice, id, status }));
    await db.$client.query('alter table finance.transactions disable trigger user');
    await db.$client.query(
      'update finance.transactions set idempotency_key = $2, request_hash = $3 where id = $1',
      [id, idempotencyKey, rows[0].request_hash],
    );
    await db.$client.query('alter table finance.transactions enable trigger user');
    const error = await rejection(transfer(db, { ...request, idempotencyKey }));
    expect(error).toBeInstanceOf(IdempotencyConflictError);
    expect(error).toMatchObject({ transactionId: id });
  });
});
