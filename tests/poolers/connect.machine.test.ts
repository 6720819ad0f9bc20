import { beforeAll, describe, expect, test } from 'vitest';
import { demoUsers, seedDemo } from '../../seeds/demo/index.ts';
import type { ConnectOptions } from '../../src/db/connect.ts';
import type { Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { deposit, getWallet, transfer } from '../../src/queries/finance/index.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { type Release, usePgBouncer } from '../setup/pgbouncer.ts';
import { plainPool } from '../setup/plain-pool.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const start = usePgBouncer();
const open = useOpen(database);

const dropping = { ignore_startup_parameters: 'options' };
const noLimits = { statementTimeoutMs: 0, lockTimeoutMs: 0, idleInTransactionTimeoutMs: 0 };
const limits: Record<string, string> = {
  statement_timeout: '20s',
  lock_timeout: '4s',
  idle_in_transaction_session_timeout: '25s',
};

beforeAll(async () => {
  await seedDemo(database.db);
});

const refusal = (url: string, options: ConnectOptions = {}) =>
  rejection(open({ url, ...noLimits, ...options }));

/** While `work` runs, whoever enters the database has these settings. */
async function withSettings(settings: Record<string, string>, work: () => Promise<void>) {
  const name = new URL(database.url).pathname.slice(1);
  const { $client } = database.db;
  for (const [setting, value] of Object.entries(settings)) {
    await $client.query(`alter database ${name} set ${setting} = '${value}'`);
  }
  try {
    await work();
  } finally {
    await $client.query(`alter database ${name} reset all`);
  }
}

/** Twenty callers at a time, with a dozen different statements. */
async function storm(db: Db): Promise<void> {
  const wallet = { userId: demoUsers.student, currency: 'ZAR' };
  const to = { userId: demoUsers.educator, currency: 'ZAR' };
  const calls = Array.from({ length: 60 }, async (_, index) => {
    const idempotencyKey = `${wallet.userId} ${performance.now()} ${index}`;
    await deposit(db, { ...wallet, amount: 2n, idempotencyKey });
    await transaction(db, async (tx) => {
      await getWallet(tx, wallet);
      await transfer(tx, { from: wallet, to, amount: 1n, idempotencyKey: `${idempotencyKey} on` });
    });
    await getWallet(db, to);
  });
  await Promise.all(calls);
}

describe.each<[Release, string]>([
  ['bookworm', '1.18'],
  ['trixie', '1.24'],
])('PgBouncer of Debian %s, %s', (release) => {
  test('that refuses our startup options is named with the remedy', async () => {
    const error = await refusal(await start(release, database.url));
    expect(error).toMatchObject({ name: 'ConnectError', code: 'STARTUP_REFUSED' });
    expect(error.message).toContain('ignore_startup_parameters = options');
  });

  test('that drops them is noticed by the limits that are not there', async () => {
    const url = await start(release, database.url, dropping);
    const error = await rejection(open({ url }));
    expect(error).toMatchObject({ name: 'ConnectError', code: 'SETTINGS_NOT_KEPT' });
    for (const name of Object.keys(limits)) expect(error.message).toContain(`set ${name} = '`);
  });

  test('that drops them and the isolation too, where the database has another', async () => {
    const settings = { default_transaction_isolation: 'serializable', extra_float_digits: '0' };
    await withSettings(settings, async () => {
      const error = await refusal(await start(release, database.url, dropping));
      expect(error).toMatchObject({ code: 'SETTINGS_NOT_KEPT' });
      expect(error.message).toContain('default_transaction_isolation is serializable');
      expect(error.message).toContain('extra_float_digits is 0');
    });
  });

  test('in session mode serves every call, with the limits of the role or database', async () => {
    await withSettings({ ...limits, DateStyle: 'German', TimeZone: 'Asia/Kolkata' }, async () => {
      const url = await start(release, database.url, {
        ...dropping,
        pool_mode: 'session',
        default_pool_size: 12,
      });
      const db = await open({ url });
      const { rows } = await db.$client.query(
        "select current_setting('DateStyle') as dates, current_setting('TimeZone') as zone, " +
          "current_setting('statement_timeout') as timeout",
      );
      expect(rows[0]).toEqual({ dates: 'ISO, MDY', zone: 'UTC', timeout: '20s' });
      await storm(db);
      expect(await rejection(open({ url, statementTimeoutMs: 7_000 }))).toMatchObject({
        code: 'SETTINGS_NOT_KEPT',
        message: expect.stringContaining('statement_timeout is 20000 and not 7000'),
      });
    });
  });

  test('in transaction mode serves every call without prepared statements', async () => {
    const settings = { ...dropping, ...(release === 'trixie' && { max_prepared_statements: 0 }) };
    await withSettings({ ...limits, DateStyle: 'German' }, async () => {
      const url = await start(release, database.url, settings);
      const error = await rejection(open({ url }));
      expect(error).toMatchObject({ code: 'PREPARED_STATEMENTS_LOST' });
      expect(error.message).toContain('max_prepared_statements');
      await storm(await open({ url, preparedStatements: false }));
    });
  });

  test('in transaction mode is told from a session when only one server connection is had', async () => {
    const url = await start(release, database.url, {
      ...dropping,
      default_pool_size: 1,
      ...(release === 'trixie' && { max_prepared_statements: 0 }),
    });
    expect(await refusal(url, { max: 1 })).toMatchObject({ code: 'PREPARED_STATEMENTS_LOST' });
  });

  test('in session mode is known when only one server connection is had', async () => {
    const url = await start(release, database.url, {
      ...dropping,
      pool_mode: 'session',
      default_pool_size: 1,
    });
    const db = await open({ url, ...noLimits, max: 1 });
    expect((await db.$client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('in statement mode is refused', async () => {
    const url = await start(release, database.url, { ...dropping, pool_mode: 'statement' });
    expect(await refusal(url)).toMatchObject({ code: 'TRANSACTIONS_REFUSED' });
  });

  test('below a pool of the caller is looked at in the same way', async () => {
    const url = await start(release, database.url, { pool_mode: 'statement' });
    const pool = plainPool(url);
    try {
      expect(await rejection(open({ url: undefined, pool }))).toMatchObject({
        code: 'TRANSACTIONS_REFUSED',
      });
    } finally {
      await pool.end();
    }
  });
});

describe('PgBouncer 1.24', () => {
  test('in transaction mode serves every call with prepared statements', async () => {
    await withSettings(limits, async () => {
      const url = await start('trixie', database.url, { ...dropping, max_prepared_statements: 50 });
      await storm(await open({ url }));
    });
  });
});
