import { describe, expect, test } from 'vitest';
import { type Transaction, transaction } from '../../src/db/transaction.ts';
import { add, balances, expectNothingLeaked, useAccounts } from '../setup/accounts.ts';
import { rejection } from '../setup/errors.ts';

const database = useAccounts();

/** A promise, and the function that resolves it. */
function makeSignal() {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { give: () => give(), given };
}

describe('transactions inside one transaction that overlap', () => {
  test('are refused from the second on, so that none succeeds and is undone by the first', async () => {
    const { give, given } = makeSignal();
    await transaction(database.db, async (tx) => {
      const first = transaction(tx, async (inner) => {
        await add(inner, 1, 1);
        await given;
        throw new Error('first');
      });
      const second = transaction(tx, (inner) => add(inner, 2, 1));
      const outcomes = Promise.allSettled([first, second]);
      // The second has its outcome before the first fails.
      await Promise.allSettled([second]);
      give();
      expect(await outcomes).toMatchObject([
        { reason: { message: 'first' } },
        { status: 'rejected', reason: { code: 'TRANSACTION_OVERLAP' } },
      ]);
      await add(tx, 2, 10);
    });
    expect(await balances(database.db)).toEqual([100n, 110n]);
    expectNothingLeaked(database);
  });

  test('leave the first intact, when the second is refused in the middle of it', async () => {
    await transaction(database.db, async (tx) => {
      await transaction(tx, async (inner) => {
        await add(inner, 1, 1);
        const second = transaction(tx, (other) => add(other, 2, 1));
        expect(await rejection(second)).toMatchObject({ name: 'TransactionOverlapError' });
        await add(inner, 1, 1);
      });
    });
    expect(await balances(database.db)).toEqual([102n, 100n]);
  });

  test('are refused at every level, also two levels apart', async () => {
    await transaction(database.db, async (tx) => {
      await transaction(tx, async (second) => {
        await transaction(second, async (third) => {
          await add(third, 1, 1);
          for (const handle of [tx, second]) {
            expect(await rejection(add(handle, 2, 1))).toMatchObject({
              code: 'TRANSACTION_OVERLAP',
            });
          }
        });
        await add(second, 1, 1);
      });
      await add(tx, 1, 1);
    });
    expect(await balances(database.db)).toEqual([103n, 100n]);
  });
});

describe('a statement of the outer transaction', () => {
  test('is refused while an inner one is open, which would take it along when it fails', async () => {
    await transaction(database.db, async (tx) => {
      const outcomes = await Promise.allSettled([
        transaction(tx, async (inner) => {
          await add(inner, 1, 1);
          throw new Error('inner');
        }),
        add(tx, 2, 1),
      ]);
      expect(outcomes).toMatchObject([
        { reason: { message: 'inner' } },
        { reason: { code: 'TRANSACTION_OVERLAP' } },
      ]);
    });
    expect(await balances(database.db)).toEqual([100n, 100n]);
  });

  test('is kept when it was sent before the inner one, whatever becomes of that', async () => {
    await transaction(database.db, async (tx) => {
      const outcomes = await Promise.allSettled([
        add(tx, 2, 1).execute(),
        transaction(tx, async () => {
          throw new Error('inner');
        }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    });
    expect(await balances(database.db)).toEqual([100n, 101n]);
  });
});

describe('an inner transaction that nobody waits for', () => {
  test('fails the outer one, and never touches the connection again', async () => {
    const { give, given } = makeSignal();
    let left: Promise<unknown> = Promise.resolve();
    const run = transaction(database.db, async (tx) => {
      left = transaction(tx, async (inner) => {
        await add(inner, 1, 1);
        await given;
      });
      left.catch(() => 'looked at below');
    });
    expect(await rejection(run)).toMatchObject({ code: 'TRANSACTION_OVERLAP' });
    expect(await balances(database.db)).toEqual([100n, 100n]);

    // Another transaction with a savepoint of its own has the connection by now.
    await transaction(database.db, async (tx) => {
      await transaction(tx, async (inner) => {
        await add(inner, 2, 1);
        give();
        expect(await rejection(left)).toMatchObject({ code: 'TRANSACTION_ENDED' });
        await add(inner, 2, 1);
      });
    });
    expect(await balances(database.db)).toEqual([100n, 102n]);
    expectNothingLeaked(database);
  });

  test('inside an inner one undoes that one only', async () => {
    const { give, given } = makeSignal();
    let left: Promise<unknown> = Promise.resolve();
    await transaction(database.db, async (tx) => {
      const inner = transaction(tx, async (second) => {
        await add(second, 1, 1);
        left = transaction(second, async (third: Transaction) => {
          await add(third, 1, 1);
          await given;
          await add(third, 1, 1);
        });
        left.catch(() => 'looked at below');
      });
      expect(await rejection(inner)).toMatchObject({ code: 'TRANSACTION_OVERLAP' });
      give();
      expect(await rejection(left)).toMatchObject({ code: 'TRANSACTION_ENDED' });
      await add(tx, 2, 1);
    });
    expect(await balances(database.db)).toEqual([100n, 101n]);
    expectNothingLeaked(database);
  });
});
