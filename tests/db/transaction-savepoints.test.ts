import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { type Transaction, transaction } from '../../src/db/transaction.ts';
import { add, balances, expectNothingLeaked, useAccounts } from '../setup/accounts.ts';
import { rejection } from '../setup/errors.ts';

const database = useAccounts();
const conflict = sql`do $$ begin raise exception using errcode = 'deadlock_detected'; end $$`;

describe('transaction inside a transaction', () => {
  test('undoes only its own work when it fails, and the outer one goes on', async () => {
    await transaction(database.db, async (tx) => {
      await add(tx, 1, -10);
      const failed = transaction(tx, async (inner) => {
        await add(inner, 1, -20);
        await add(inner, 2, -1_000);
      });
      expect(await rejection(failed)).toMatchObject({ constraint: 'accounts_balance_check' });
      await add(tx, 2, 10);
    });
    expect(await balances(database.db)).toEqual([90n, 110n]);
    expectNothingLeaked(database);
  });

  test('keeps its work when it succeeds, and loses it with the outer one', async () => {
    await transaction(database.db, (tx) => transaction(tx, (inner) => add(inner, 1, 5)));
    expect(await balances(database.db)).toEqual([105n, 100n]);
    const own = new Error('outer');
    const run = transaction(database.db, async (tx) => {
      await transaction(tx, (inner) => add(inner, 1, 5));
      throw own;
    });
    expect(await rejection(run)).toBe(own);
    expect(await balances(database.db)).toEqual([105n, 100n]);
  });

  test('goes three levels deep, each undone by itself', async () => {
    await transaction(database.db, async (tx) => {
      await transaction(tx, async (second) => {
        await add(second, 1, 1);
        await transaction(second, async (third) => {
          await add(third, 2, 1);
          throw new Error('third');
        }).catch(() => 'expected');
        await add(second, 1, 1);
      });
    });
    expect(await balances(database.db)).toEqual([102n, 100n]);
  });

  test("is what Drizzle's tx.transaction() does too", async () => {
    await transaction(database.db, async (tx) => {
      const failed = tx.transaction(async (inner) => {
        await add(inner, 1, -1_000);
      });
      expect(await rejection(failed)).toMatchObject({ constraint: 'accounts_balance_check' });
      await tx.transaction((inner) => add(inner, 2, 1));
    });
    expect(await balances(database.db)).toEqual([100n, 101n]);
  });

  test('is an error when it swallowed a failure, and the outer one can still go on', async () => {
    await transaction(database.db, async (tx) => {
      const swallowing = transaction(tx, async (inner) => {
        await add(inner, 1, -20);
        await add(inner, 2, -1_000).catch(() => 'swallowed');
      });
      expect(await rejection(swallowing)).toMatchObject({
        code: 'TRANSACTION_ABORTED',
        cause: { constraint: 'accounts_balance_check' },
      });
      await add(tx, 2, 10);
    });
    expect(await balances(database.db)).toEqual([100n, 110n]);
  });

  test('leaves conflicts to the outermost call, which runs everything again', async () => {
    let outer = 0;
    let inner = 0;
    await transaction(database.db, async (tx) => {
      outer += 1;
      await add(tx, 1, 1);
      await transaction(
        tx,
        async (nested) => {
          inner += 1;
          await add(nested, 2, 1);
          if (inner === 1) await nested.execute(conflict);
        },
        { maxAttempts: 9 },
      );
    });
    expect({ outer, inner }).toEqual({ outer: 2, inner: 2 });
    expect(await balances(database.db)).toEqual([101n, 101n]);
  });

  test('refuses statements after its end', async () => {
    await transaction(database.db, async (tx) => {
      let kept: Transaction | undefined;
      await transaction(tx, async (inner) => {
        kept = inner;
      });
      const late = add(kept as unknown as Transaction, 1, 1);
      expect(await rejection(late)).toMatchObject({ code: 'TRANSACTION_ENDED' });
      await add(tx, 2, 1);
    });
    expect(await balances(database.db)).toEqual([100n, 101n]);
  });

  test('cannot ask for more isolation than the transaction has, but for less', async () => {
    const nest = (isolation: 'read committed' | 'serializable') => (tx: Transaction) =>
      transaction(tx, (inner) => add(inner, 1, 1), { isolation });
    expect(await rejection(transaction(database.db, nest('serializable')))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'isolation',
    });
    await transaction(database.db, nest('read committed'), { isolation: 'serializable' });
    expect(await balances(database.db)).toEqual([101n, 100n]);
  });

  test('keeps a read-only promise until its end, and not longer', async () => {
    await transaction(database.db, async (tx) => {
      const writing = transaction(tx, (inner) => add(inner, 1, 1), { accessMode: 'read only' });
      expect(await rejection(writing)).toMatchObject({ sqlState: '25006' });
      await transaction(tx, (inner) => balances(inner), { accessMode: 'read only' });
      await add(tx, 2, 1);
      await transaction(tx, (inner) => add(inner, 2, 1));
    });
    expect(await balances(database.db)).toEqual([100n, 102n]);
  });

  test('cannot ask to write in a read-only transaction', async () => {
    const run = transaction(
      database.db,
      (tx) => transaction(tx, (inner) => add(inner, 1, 1), { accessMode: 'read write' }),
      { accessMode: 'read only' },
    );
    expect(await rejection(run)).toMatchObject({ code: 'INVALID_INPUT', field: 'accessMode' });
  });
});
