import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { statement } from '../../src/db/statement.ts';
import { type Transaction, transaction } from '../../src/db/transaction.ts';
import { accounts, add, balances, expectNothingLeaked, useAccounts } from '../setup/accounts.ts';
import { rejection } from '../setup/errors.ts';

const database = useAccounts();

const increment = statement('increment', 'update accounts set balance = balance + 1 where id = $1');

describe('transaction', () => {
  test('commits and returns what the callback returned', async () => {
    const result = await transaction(database.db, async (tx) => {
      await add(tx, 1, -30);
      await tx.update(accounts).set({ balance: 130n }).where(sql`id = 2`);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await balances(database.db)).toEqual([70n, 130n]);
  });

  test("rolls back on the callback's own error, and throws that", async () => {
    const own = new Error('changed my mind');
    const error = await rejection(
      transaction(database.db, async (tx) => {
        await add(tx, 1, -30);
        throw own;
      }),
    );
    expect(error).toBe(own);
    expect(await balances(database.db)).toEqual([100n, 100n]);
    expectNothingLeaked(database);
  });

  test('keeps its connection when the callback fails', async () => {
    const pid = sql`select pg_backend_pid() as pid`;
    let used: unknown;
    const run = transaction(database.db, async (tx) => {
      used = (await tx.execute(pid)).rows;
      await add(tx, 1, -1_000);
    });
    expect(await rejection(run)).toMatchObject({ constraint: 'accounts_balance_check' });
    // The pool hands out first what came back last.
    expect((await database.db.execute(pid)).rows).toEqual(used);
  });

  test('runs under the isolation and access mode asked for', async () => {
    const show = (tx: Transaction) =>
      tx.execute(
        sql`select current_setting('transaction_isolation') as i, current_setting('transaction_read_only') as r`,
      );
    const plain = await transaction(database.db, show);
    expect(plain.rows).toEqual([{ i: 'read committed', r: 'off' }]);
    const strict = {
      isolation: 'serializable',
      accessMode: 'read only',
      deferrable: true,
    } as const;
    expect((await transaction(database.db, show, strict)).rows).toEqual([
      { i: 'serializable', r: 'on' },
    ]);
    const drizzles = await database.db.transaction(show, { isolationLevel: 'repeatable read' });
    expect(drizzles.rows).toEqual([{ i: 'repeatable read', r: 'off' }]);
  });

  test.each([
    ['isolation', { isolation: 'serializable; drop table accounts' }],
    ['accessMode', { accessMode: 'write' }],
    ['maxAttempts', { maxAttempts: 0 }],
  ])('refuses a wrong %s', async (field, options) => {
    const run = transaction(database.db, async () => 1, options as object);
    expect(await rejection(run)).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  test('runs concurrent statements of one transaction, one after the other', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    await transaction(database.db, (tx) =>
      Promise.all([1, 1, 1, 2, 2, 2].map((id) => add(tx, id, 1))),
    );
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(await balances(database.db)).toEqual([103n, 103n]);
    expect(warnings).toEqual([]);
  });

  test('is an error when a failed statement was swallowed, because COMMIT became ROLLBACK', async () => {
    const run = transaction(database.db, async (tx) => {
      await add(tx, 1, -30);
      await add(tx, 2, -1_000).catch(() => 'swallowed');
    });
    expect(await rejection(run)).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      cause: { name: 'ConstraintError', constraint: 'accounts_balance_check' },
    });
    expect(await balances(database.db)).toEqual([100n, 100n]);
    expectNothingLeaked(database);
  });

  test('names the first failure when a later statement finds the transaction aborted', async () => {
    const run = transaction(database.db, async (tx) => {
      await add(tx, 2, -1_000).catch(() => 'swallowed');
      await add(tx, 1, -30);
    });
    expect(await rejection(run)).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      cause: { constraint: 'accounts_balance_check' },
    });
  });

  test('throws what a deferred constraint says at COMMIT', async () => {
    const run = transaction(database.db, (tx) => tx.execute(sql`insert into log values (99)`));
    expect(await rejection(run)).toMatchObject({
      name: 'ConstraintError',
      constraint: 'log_account_id_fkey',
    });
    expectNothingLeaked(database);
  });

  test('is an error when the callback ends the transaction itself', async () => {
    const run = transaction(database.db, async (tx) => {
      await add(tx, 1, -30);
      await tx.execute(sql`rollback`);
    });
    expect(await rejection(run)).toMatchObject({ code: 'TRANSACTION_ENDED' });
  });

  test('refuses statements after its end, whether it committed or rolled back', async () => {
    let kept: Transaction | undefined;
    await transaction(database.db, async (tx) => {
      kept = tx;
    });
    const late = rejection(add(kept as unknown as Transaction, 1, -30));
    expect(await late).toMatchObject({ code: 'TRANSACTION_ENDED' });
    const own = new Error('no');
    await rejection(
      transaction(database.db, (tx) => {
        kept = tx;
        return Promise.reject(own);
      }),
    );
    expect(await rejection(add(kept as unknown as Transaction, 1, -30))).toMatchObject({
      code: 'TRANSACTION_ENDED',
    });
    expect(await balances(database.db)).toEqual([100n, 100n]);
  });

  test('waits for statements that the callback did not await', async () => {
    await transaction(database.db, async (tx) => {
      void increment(tx, [1]);
      void increment(tx, [2]);
    });
    expect(await balances(database.db)).toEqual([101n, 101n]);
  });
});
