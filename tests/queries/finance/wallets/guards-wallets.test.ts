import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  deposit,
  getWallet,
  openWallet,
  systemOwners,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { plant } from '../audit/planting.ts';
import { createHolder, createUser, refusalOf } from '../bundle.ts';

const database = useTestDatabase();
let alice: string;

beforeAll(async () => {
  alice = await createHolder(database.db, 100n);
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

  test('of the system open only with a currency, and stay', async () => {
    const { db } = database;
    // A currency whose FEES wallet is gone, so that no key is in the way.
    await db.$client.query(
      `insert into finance.currencies (code, name, scale) values ('GAP', 'Gap', 2)`,
    );
    const fees = `user_id = '${systemOwners.FEES}' and currency = 'GAP'`;
    expect(await refusalOf(db, `delete from finance.wallets where ${fees}`)).toEqual({
      code: '23001',
      table: 'wallets',
      constraint: 'wallets_append_only',
    });
    await plant(db, `delete from finance.wallets where ${fees}`);
    const text = `insert into finance.wallets (user_id, currency, kind, credit_limit)
      values ('${systemOwners.FEES}', 'GAP', 'FEES', 5)`;
    expect(await refusalOf(db, text)).toEqual({
      code: '23514',
      table: 'wallets',
      constraint: 'wallets_system_by_currency_check',
    });
    expect((await auditLedger(db)).findings).toMatchObject([
      {
        kind: 'MISSING_SYSTEM_WALLET',
        keys: { userId: systemOwners.FEES, currency: 'GAP' },
      },
    ]);
  });

  test('of the system stay open', async () => {
    const { db } = database;
    const where = `where user_id = '${systemOwners.FEES}' and currency = 'USD'`;
    const text = `update finance.wallets set status = 'CLOSED', closed_at = now() ${where}`;
    expect(await refusalOf(db, text)).toEqual({
      code: '23001',
      table: 'wallets',
      constraint: 'wallets_append_only',
    });
    const { rowCount } = await db.$client.query(
      `update finance.wallets set status = 'OPEN' ${where}`,
    );
    expect(rowCount).toBe(1);
  });

  test('of users can be deleted before they have entries', async () => {
    const { db } = database;
    const userId = await createHolder(db);
    const { rowCount } = await db.$client.query('delete from finance.wallets where user_id = $1', [
      userId,
    ]);
    expect(rowCount).toBe(1);
  });

  test('with entries cannot be deleted, nor all truncated', async () => {
    expect(
      await refusalOf(database.db, 'delete from finance.wallets where user_id = $1', [alice]),
      // 23001 since PostgreSQL 18, 23503 before.
    ).toMatchObject({
      code: expect.stringMatching(/^23(001|503)$/),
      constraint: 'entries_user_id_currency_fkey',
    });
    expect(await refusalOf(database.db, 'truncate finance.wallets cascade')).toMatchObject({
      code: '23001',
      constraint: expect.stringMatching(/_append_only$/),
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
        [await createHolder(database.db)],
      ),
    ).toMatchObject({ code: '23514', constraint: 'wallets_closed_has_time_check' });
  });

  test('of MINT owe at most the supply, and other wallets nothing', async () => {
    const { rows } = await database.db.$client.query(
      `select kind, currency, credit_limit from finance.wallets
       where kind <> 'USER' and currency in ('AZR', 'ZAR') order by currency, user_id`,
    );
    expect(rows.map(({ kind, currency, credit_limit: limit }) => [kind, currency, limit])).toEqual([
      ['MINT', 'AZR', 2_100_000_000_000_000n],
      ['EXTERNAL', 'AZR', 2_100_000_000_000_000n],
      ['LIQUIDITY', 'AZR', 0n],
      ['FEES', 'AZR', 0n],
      ['MINT', 'ZAR', 0n],
      ['EXTERNAL', 'ZAR', 2n ** 63n - 1n],
      ['LIQUIDITY', 'ZAR', 0n],
      ['FEES', 'ZAR', 0n],
    ]);
  });
});

describe('currencies', () => {
  const insert = (code: string, limit: string) =>
    database.db.$client.query(
      `insert into finance.currencies (code, name, scale, supply_limit) values ('${code}', 'Test', 2, ${limit})`,
    );
  const setLimit = (code: string, limit: string) =>
    `update finance.currencies set supply_limit = ${limit} where code = '${code}'`;
  const mintLimit = async (currency: string) =>
    (await getWallet(database.db, { system: 'MINT', currency })).creditLimit;

  test('keep their code and scale', async () => {
    await insert('KEEP', 'null');
    for (const change of ['scale = 3', `code = 'KEPT'`]) {
      expect(
        await refusalOf(database.db, `update finance.currencies set ${change} where code = 'KEEP'`),
      ).toEqual({ code: '23001', table: 'currencies', constraint: 'currencies_append_only' });
    }
  });

  test('have a supply that is only lowered, not below what was issued, and that MINT follows', async () => {
    const { db } = database;
    await insert('TST', '100');
    await db.$client.query(setLimit('TST', '50'));
    expect(await mintLimit('TST')).toBe(50n);
    for (const limit of ['51', 'null']) {
      expect(await refusalOf(db, setLimit('TST', limit))).toEqual({
        code: '23514',
        table: 'currencies',
        constraint: 'currencies_supply_limit_lowered_check',
      });
    }
    const userId = await createHolder(db, 0n, 'TST');
    await transfer(db, {
      from: { system: 'MINT', currency: 'TST' },
      to: { userId, currency: 'TST' },
      amount: 40n,
      idempotencyKey: 'mint',
    });
    expect(await refusalOf(db, setLimit('TST', '39'))).toMatchObject({
      code: '23514',
      constraint: 'wallets_available_check',
    });
    await db.$client.query(setLimit('TST', '40'));
    expect(await mintLimit('TST')).toBe(40n);
  });

  test('can be given a supply where there was none', async () => {
    await insert('LATE', 'null');
    await database.db.$client.query(setLimit('LATE', '7'));
    expect(await mintLimit('LATE')).toBe(7n);
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

  test('gives every wallet an address of its own', async () => {
    const { db } = database;
    const { address } = await openWallet(db, { userId: alice, currency: 'ZAR' });
    const { rows } = await db.$client.query(
      `select count(*)::integer as wallets, count(distinct address)::integer as addresses from finance.wallets`,
    );
    expect(rows[0].addresses).toBe(rows[0].wallets);
    expect(address).toMatch(/^ZAR[0-9]{2}[0-9A-F]{32}$/);
    expect(address.slice(5).toLowerCase()).toBe(alice.replaceAll('-', ''));
  });
});
