import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  deposit,
  getWallet,
  openWallet,
  placeHold,
  transfer,
} from '../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createHolder, createUser, refusalOf } from './bundle.ts';

/*
 * What the database itself refuses. The test server's user owns every table, so this holds for the owner too.
 */
const database = useTestDatabase();
const EXTERNAL = '00000000-0000-0000-0000-000000000002';

let alice: string;
let bob: string;

beforeAll(async () => {
  const { db } = database;
  alice = await createHolder(db, 100n);
  bob = await createHolder(db, 50n);
});

/** A completed transaction of Alice's without entries yet, to hang entries on. */
async function bareTransaction(): Promise<{ id: string; at: string }> {
  const at = `'${new Date().toISOString()}'`;
  const { rows } = await database.db.$client.query(
    `insert into finance.transactions (user_id, type, status, currency, amount, idempotency_key,
       request_hash, occurred_at, recorded_at)
     values ($1, 'TRANSFER', 'COMPLETED', 'ZAR', 5, gen_random_uuid()::text, sha256('x'),
       ${at}, ${at})
     returning id`,
    [alice],
  );
  return { id: rows[0].id, at };
}

interface EntryValues {
  readonly owner: string;
  readonly amount: number;
  readonly after?: bigint;
  readonly version?: bigint;
  readonly at?: string;
  readonly currency?: string;
}

async function entryRow(
  transaction: { id: string; at: string },
  entry: EntryValues,
): Promise<string> {
  const wallet = await getWallet(database.db, { userId: entry.owner, currency: 'ZAR' });
  const version = entry.version ?? wallet.version + 1n;
  const after = entry.after ?? wallet.posted + BigInt(entry.amount);
  const at = entry.at ?? transaction.at;
  return `('${entry.owner}', '${entry.currency ?? 'ZAR'}', ${version}, '${alice}', '${transaction.id}',
    ${entry.amount}, ${after}, ${at})`;
}

const columns =
  'user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after, recorded_at';

async function refusalOfEntries(...values: EntryValues[]) {
  const bare = await bareTransaction();
  const { id } = bare;
  const rows = await Promise.all(values.map((value) => entryRow(bare, value)));
  const { $client } = database.db;
  const text = `insert into finance.entries (${columns}) values ${rows.join(', ')}`;
  const refusal = await refusalOf(database.db, text);
  await $client.query('alter table finance.transactions disable trigger transactions_append_only');
  await $client.query('delete from finance.transactions where id = $1', [id]);
  await $client.query('alter table finance.transactions enable trigger transactions_append_only');
  return refusal;
}

describe('entries', () => {
  test('that balance and continue their chains are accepted from plain SQL, and move the wallets', async () => {
    const { db } = database;
    const bare = await bareTransaction();
    const [out, into] = [
      await entryRow(bare, { owner: alice, amount: -5 }),
      await entryRow(bare, { owner: bob, amount: 5 }),
    ];
    await db.$client.query(`insert into finance.entries (${columns}) values ${out}, ${into}`);
    expect(await getWallet(db, { userId: alice, currency: 'ZAR' })).toMatchObject({
      posted: 95n,
      version: 2n,
    });
    expect(await getWallet(db, { userId: bob, currency: 'ZAR' })).toMatchObject({ posted: 55n });
    expect(await auditLedger(db)).toEqual([]);
  });

  test.each<[string, string, () => EntryValues[]]>([
    ['one leg alone', 'entries_balance_check', () => [{ owner: alice, amount: 5 }]],
    [
      'legs that do not sum to zero',
      'entries_balance_check',
      () => [
        { owner: alice, amount: -5 },
        { owner: bob, amount: 6 },
      ],
    ],
    [
      'a gap in the versions',
      'entries_chain_check',
      () => [
        { owner: alice, amount: -5, version: 9n },
        { owner: bob, amount: 5 },
      ],
    ],
    [
      'a wrong balance after',
      'entries_chain_check',
      () => [
        { owner: alice, amount: -5, after: 1n },
        { owner: bob, amount: 5 },
      ],
    ],
    [
      'a time before the one of the entry before',
      'entries_chain_check',
      () => [
        { owner: alice, amount: -5, at: `'2001-01-01'` },
        { owner: bob, amount: 5 },
      ],
    ],
    [
      'a second entry whose balance does not follow from the first',
      'entries_chain_check',
      () => [
        { owner: alice, amount: -5, version: 3n, after: 90n },
        { owner: alice, amount: -5, version: 4n, after: 86n },
        { owner: bob, amount: 10 },
      ],
    ],
    [
      'more than the wallet has',
      'wallets_available_check',
      () => [
        { owner: alice, amount: -5000 },
        { owner: bob, amount: 5000 },
      ],
    ],
    [
      'nothing',
      'entries_amount_not_zero_check',
      () => [
        { owner: alice, amount: 0 },
        { owner: bob, amount: 0 },
      ],
    ],
    [
      'a version that is there',
      'entries_pkey',
      () => [
        { owner: alice, amount: -5, version: 1n },
        { owner: bob, amount: 5 },
      ],
    ],
  ])('with %s are refused', async (_what, constraint, values) => {
    const before = await getWallet(database.db, { userId: alice, currency: 'ZAR' });
    expect(await refusalOfEntries(...values())).toMatchObject({ constraint });
    expect(await getWallet(database.db, { userId: alice, currency: 'ZAR' })).toEqual(before);
  });

  test('of a wallet or transaction that does not exist are refused', async () => {
    const missing = '01890000-0000-7000-8000-000000000000';
    const { id, at } = await bareTransaction();
    const row = `('${missing}', 'ZAR', 1, '${alice}', '${id}', 5, 5, now()),
      ('${alice}', 'ZAR', 99, '${alice}', '${id}', -5, 5, now())`;
    expect(
      await refusalOf(database.db, `insert into finance.entries (${columns}) values ${row}`),
    ).toMatchObject({ code: expect.stringMatching(/^23/) });
    const { db } = database;
    const [out, into] = [
      await entryRow({ id: missing, at }, { owner: alice, amount: -5 }),
      await entryRow({ id: missing, at }, { owner: bob, amount: 5 }),
    ];
    expect(
      await refusalOf(db, `insert into finance.entries (${columns}) values ${out}, ${into}`),
    ).toMatchObject({ constraint: 'entries_transaction_fkey' });
    await db.$client.query(
      'alter table finance.transactions disable trigger transactions_append_only',
    );
    await db.$client.query('delete from finance.transactions where id = $1', [id]);
    await db.$client.query(
      'alter table finance.transactions enable trigger transactions_append_only',
    );
  });

  test.each([
    'update finance.entries set amount = amount + 1',
    'update finance.entries set amount = amount where false',
    'delete from finance.entries',
    'truncate finance.entries cascade',
  ])('never change: %s', async (text) => {
    expect(await refusalOf(database.db, text)).toEqual({
      code: '23001',
      table: expect.stringMatching(/entries|sealed_ranges/),
      constraint: expect.stringMatching(/(entries|sealed_ranges)_append_only/),
    });
  });
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
    ['transactions_amount_positive_check', 'amount', '0'],
    ['transactions_idempotency_key_length_check', 'idempotency_key', `''`],
    ['transactions_request_hash_sha256_check', 'request_hash', `'x'`],
    ['transactions_metadata_object_check', 'metadata', `'[]'`],
    ['transactions_failure_check', 'failure_code', `'WALLET_CLOSED'`],
    ['transactions_failure_check', 'status', `'FAILED'`],
    ['transactions_rate_check', 'rate_numerator', '1'],
    ['transactions_rate_check', 'type', `'EXCHANGE'`],
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
    const insert = (key: string, reverses: string | null) => `
      insert into finance.transactions (user_id, type, status, currency, amount, idempotency_key,
        request_hash, reverses_id, occurred_at, recorded_at)
      values ('${alice}', 'HOLD', 'COMPLETED', 'ZAR', 1, '${key}', sha256('x'),
        ${reverses === null ? 'null' : `'${reverses}'`}, now(), now()) returning id`;
    const { rows } = await db.$client.query(insert('one key', null));
    expect(await refusalOf(db, insert('one key', null))).toMatchObject({
      constraint: 'transactions_idempotency_key_user_id_key',
    });
    await db.$client.query(insert('first reversal', rows[0].id));
    expect(await refusalOf(db, insert('second reversal', rows[0].id))).toMatchObject({
      constraint: 'transactions_reverses_key',
    });
  });
});

describe('wallets', () => {
  test.each([
    'posted = posted + 1',
    'held = 1',
    'version = version + 1',
    'credit_limit = 5',
    `currency = 'USD'`,
    'posted_at = now()',
    `hold_expires_at = now()`,
    `kind = 'FEES'`,
  ])('move only with their entries and holds: set %s', async (change) => {
    expect(await refusalOf(database.db, `update finance.wallets set ${change}`)).toEqual({
      code: '23001',
      table: 'wallets',
      constraint: 'wallets_append_only',
    });
  });

  test('move neither by an upsert nor by merge', async () => {
    const upsert = `insert into finance.wallets (user_id, currency) values ('${alice}', 'ZAR')
      on conflict (user_id, currency) do update set posted = 1000000`;
    const merge = `merge into finance.wallets using (select 1) as one on user_id = '${alice}'
      when matched then update set posted = 1000000`;
    for (const text of [upsert, merge]) {
      expect(await refusalOf(database.db, text)).toMatchObject({ code: '23001', table: 'wallets' });
    }
  });

  test.each([
    ['wallets_open_empty_check', 'posted, version', '5, 1'],
    ['wallets_open_empty_check', 'held', '5'],
    ['wallets_user_has_no_credit_check', 'credit_limit', '5'],
    ['wallets_credit_limit_not_negative_check', 'credit_limit', '-1'],
    ['wallets_owner_of_kind_check', 'kind', `'MINT'`],
  ])('open empty: %s', async (constraint, column, value) => {
    const userId = await createUser(database.db);
    const text = `insert into finance.wallets (user_id, currency, ${column}) values ($1, 'ZAR', ${value})`;
    expect(await refusalOf(database.db, text, [userId])).toMatchObject({
      code: '23514',
      constraint,
    });
  });

  test('of the system open only with a currency', async () => {
    const { db } = database;
    await db.$client.query(`alter table finance.wallets disable trigger wallets_no_truncate`);
    await db.$client.query(`alter table finance.wallets enable trigger wallets_no_truncate`);
    const text = `insert into finance.wallets (user_id, currency, kind, credit_limit)
      values ('00000000-0000-0000-0000-000000000004', 'ZAR', 'FEES', 5)`;
    expect(await refusalOf(db, text)).toMatchObject({
      constraint: 'wallets_system_by_currency_check',
    });
  });

  test('with entries cannot be deleted, nor all truncated', async () => {
    expect(
      await refusalOf(database.db, 'delete from finance.wallets where user_id = $1', [alice]),
    ).toMatchObject({ constraint: 'entries_user_id_currency_fkey' });
    expect(await refusalOf(database.db, 'truncate finance.wallets cascade')).toMatchObject({
      code: '23001',
    });
  });

  test('close only when empty', async () => {
    const text = `update finance.wallets set status = 'CLOSED', closed_at = now() where user_id = $1`;
    expect(await refusalOf(database.db, text, [alice])).toMatchObject({
      constraint: 'wallets_closed_is_empty_check',
    });
    expect(
      await refusalOf(
        database.db,
        `update finance.wallets set status = 'CLOSED' where user_id = $1`,
        [alice],
      ),
    ).toMatchObject({ constraint: expect.stringMatching(/^wallets_closed/) });
  });

  test('of MINT owe at most the supply, and other wallets nothing', async () => {
    const { rows } = await database.db.$client.query(
      `select kind, currency, credit_limit from finance.wallets
       where kind <> 'USER' and currency in ('AZR', 'ZAR') order by currency, user_id`,
    );
    expect(rows.map(({ kind, currency, credit_limit: limit }) => [kind, currency, limit])).toEqual([
      ['MINT', 'AZR', 2_100_000_000_000_000n],
      ['EXTERNAL', 'AZR', 2n ** 63n - 1n],
      ['LIQUIDITY', 'AZR', 0n],
      ['FEES', 'AZR', 0n],
      ['MINT', 'ZAR', 0n],
      ['EXTERNAL', 'ZAR', 2n ** 63n - 1n],
      ['LIQUIDITY', 'ZAR', 0n],
      ['FEES', 'ZAR', 0n],
    ]);
  });

  test('of MINT follow the supply of their currency', async () => {
    const { db } = database;
    await db.$client.query(
      `insert into finance.currencies (code, name, scale, supply_limit) values ('TST', 'Test', 2, 100)`,
    );
    await db.$client.query(`update finance.currencies set supply_limit = 50 where code = 'TST'`);
    expect(await getWallet(db, { system: 'MINT', currency: 'TST' })).toMatchObject({
      creditLimit: 50n,
    });
  });
});

describe('holds', () => {
  test('are resolved once and never deleted', async () => {
    const { db } = database;
    const carol = await createHolder(db, 100n);
    const base = { userId: carol, currency: 'ZAR', amount: 10n, expiresAt: new Date('2999-01-01') };
    const { id: holdId } = await placeHold(db, { ...base, idempotencyKey: 'a' });
    await captureHold(db, { userId: carol, holdId, to: { userId: bob }, idempotencyKey: 'c' });
    const open = await placeHold(db, { ...base, idempotencyKey: 'b' });
    for (const text of [
      `update finance.holds set status = 'PENDING', captured = 0, resolved_at = null, resolution_id = null where id = '${holdId}'`,
      `update finance.holds set amount = 11 where id = '${open.id}'`,
      `update finance.holds set expires_at = now() + interval '1 day' where id = '${open.id}'`,
      `delete from finance.holds`,
    ]) {
      expect(await refusalOf(db, text)).toMatchObject({ code: '23001', table: 'holds' });
    }
    expect(await getWallet(db, { userId: carol, currency: 'ZAR' })).toMatchObject({ held: 10n });
  });

  test('from plain SQL move what is held, and cannot exceed what is there', async () => {
    const { db } = database;
    const carol = await createHolder(db, 100n);
    const { id } = await placeHold(db, {
      userId: carol,
      currency: 'ZAR',
      amount: 60n,
      expiresAt: new Date('2999-01-01'),
      idempotencyKey: 'a',
    });
    const insert = (amount: number) => `with placed as (
        insert into finance.transactions (user_id, type, status, currency, amount, idempotency_key,
          request_hash, occurred_at, recorded_at)
        values ('${carol}', 'HOLD', 'COMPLETED', 'ZAR', ${amount}, gen_random_uuid()::text,
          sha256('x'), now(), now()) returning user_id, id, amount)
      insert into finance.holds (user_id, id, currency, amount, expires_at)
      select user_id, id, 'ZAR', amount, now() + interval '1 hour' from placed`;
    expect(await refusalOf(db, insert(41))).toMatchObject({
      constraint: 'wallets_available_check',
    });
    await db.$client.query(insert(40));
    expect(await getWallet(db, { userId: carol, currency: 'ZAR' })).toMatchObject({ held: 100n });
    await db.$client.query(
      `update finance.holds set status = 'EXPIRED', resolved_at = clock_timestamp() where user_id = $1 and id = $2`,
      [carol, id],
    );
    expect(await getWallet(db, { userId: carol, currency: 'ZAR' })).toMatchObject({ held: 40n });
    expect(await auditLedger(db)).toEqual([]);
  });
});

describe('the system', () => {
  test('lets EXTERNAL owe, and LIQUIDITY not', async () => {
    const { db } = database;
    await deposit(db, { userId: alice, currency: 'ZAR', amount: 1n, idempotencyKey: 'more' });
    expect((await getWallet(db, { system: 'EXTERNAL', currency: 'ZAR' })).posted).toBeLessThan(0n);
    await expect(
      transfer(db, {
        from: { system: 'LIQUIDITY', currency: 'ZAR' },
        to: { userId: alice, currency: 'ZAR' },
        amount: 1n,
        idempotencyKey: 'liquid',
      }),
    ).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS', wallet: { system: 'LIQUIDITY' } });
  });

  test('gives every wallet an address that a typing error breaks', async () => {
    const { db } = database;
    const { address } = await openWallet(db, { userId: alice, currency: 'ZAR' });
    const { rows } = await db.$client.query(
      `select count(*)::integer as wallets, count(distinct address)::integer as addresses from finance.wallets`,
    );
    expect(rows[0].addresses).toBe(rows[0].wallets);
    expect(address).toMatch(/^ZAR[0-9]{2}[0-9A-F]{32}$/);
    expect(EXTERNAL < alice).toBe(true);
  });
});
