import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import { add, balances, expectNothingLeaked, useAccounts } from '../setup/accounts.ts';
import { rejection } from '../setup/errors.ts';

const database = useAccounts();

/** A place where `count` callers wait for each other, once. */
function meeting(count: number) {
  let open = () => {};
  const met = new Promise<void>((resolve) => {
    open = resolve;
  });
  let missing = count;
  return () => {
    missing -= 1;
    if (missing === 0) open();
    return met;
  };
}

describe('transaction retries', () => {
  test('a deadlock, running the whole callback again', async () => {
    const meet = meeting(2);
    let runs = 0;
    const move = (from: number, to: number) => {
      let attempt = 0;
      return transaction(database.db, async (tx) => {
        attempt += 1;
        runs += 1;
        await tx.execute(sql`set local deadlock_timeout = '10ms'`);
        await add(tx, from, -10);
        if (attempt === 1) await meet();
        await add(tx, to, 10);
      });
    };
    await Promise.all([move(1, 2), move(2, 1)]);
    // Again more than once where the second run is faster than the one that waited.
    expect(runs).toBeGreaterThan(2);
    expect(await balances(database.db)).toEqual([100n, 100n]);
    expectNothingLeaked(database);
  });

  test('a serialization failure, so that each of two write skews sees the other', async () => {
    const meet = meeting(2);
    let runs = 0;
    // Each may empty its wallet only while the two together hold 200.
    const empty = (id: number) => {
      let attempt = 0;
      return transaction(
        database.db,
        async (tx) => {
          attempt += 1;
          runs += 1;
          const { rows } = await tx.execute(sql`select sum(balance)::text as total from accounts`);
          if (attempt === 1) await meet();
          if (rows[0]?.total !== '200') return false;
          await add(tx, id, -100);
          return true;
        },
        { isolation: 'serializable' },
      );
    };
    const emptied = await Promise.all([empty(1), empty(2)]);
    expect(emptied.filter(Boolean)).toHaveLength(1);
    expect(runs).toBe(3);
  });

  test('nothing for an error that is its own cause, which comes out as it is', async () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    const run = transaction(database.db, async () => {
      throw first;
    });
    expect(await rejection(run)).toBe(first);
  });

  const conflict = sql`do $$ begin raise exception using errcode = 'serialization_failure'; end $$`;

  test('up to maxAttempts, then throws with the conflict as the cause', async () => {
    let runs = 0;
    const run = transaction(
      database.db,
      async (tx) => {
        runs += 1;
        await tx.execute(conflict);
      },
      { maxAttempts: 3 },
    );
    expect(await rejection(run)).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      attempts: 3,
      cause: { code: 'SERIALIZATION_FAILURE', sqlState: '40001' },
    });
    expect(runs).toBe(3);
    expectNothingLeaked(database);
  });

  test('a conflict that the callback swallowed', async () => {
    let runs = 0;
    await transaction(database.db, async (tx) => {
      runs += 1;
      await add(tx, 1, 1);
      if (runs === 1) await tx.execute(conflict).catch(() => 'swallowed');
    });
    expect(runs).toBe(2);
    expect(await balances(database.db)).toEqual([101n, 100n]);
  });

  test('a conflict that the callback wrapped in an error of its own', async () => {
    let runs = 0;
    await transaction(database.db, async (tx) => {
      runs += 1;
      if (runs > 1) return;
      await tx.execute(conflict).catch((cause: unknown) => {
        throw new Error('the application says more', { cause });
      });
    });
    expect(runs).toBe(2);
  });

  test('a conflict that COMMIT finds', async () => {
    const haveRead = meeting(2);
    const haveChanged = meeting(2);
    let runs = 0;
    // Each reads what the other changes, and the one that commits second is refused there.
    const change = (id: number) => {
      let attempt = 0;
      return transaction(
        database.db,
        async (tx) => {
          attempt += 1;
          runs += 1;
          await tx.execute(sql`select sum(balance) from accounts`);
          if (attempt === 1) await haveRead();
          await add(tx, id, 1);
          if (attempt === 1) await haveChanged();
        },
        { isolation: 'serializable' },
      );
    };
    await Promise.all([change(1), change(2)]);
    expect(runs).toBe(3);
    expect(await balances(database.db)).toEqual([101n, 101n]);
  });

  test.each([
    ['as the cause of another error', (cause: Error) => new Error('elsewhere', { cause })],
    ['as it is', (error: Error) => error],
  ])('no conflict of somebody else, thrown %s', async (_how, wrap) => {
    const foreign = wrap(await rejection(database.db.execute(conflict)));
    let runs = 0;
    const run = transaction(database.db, async () => {
      runs += 1;
      throw foreign;
    });
    expect(await rejection(run)).toBe(foreign);
    expect(runs).toBe(1);
  });

  test('nothing else', async () => {
    let runs = 0;
    const run = transaction(database.db, async (tx) => {
      runs += 1;
      await add(tx, 1, -1_000);
    });
    expect(await rejection(run)).toMatchObject({ constraint: 'accounts_balance_check' });
    expect(runs).toBe(1);
  });
});
