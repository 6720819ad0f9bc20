import { describe, expect, test } from 'vitest';
import type { Database } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import { auditLedger, createTransferCombiner } from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';
import { combine, connected, createHolders, move, posted, refuseEntriesOf } from './combining.ts';

const database = useTestDatabase({ max: 20 });

/** How many statements were sent from here on, outside of transactions, and how many at most at a time. */
function countStatements({ $client: pool }: Database) {
  const count = { statements: 0, atOnce: 0 };
  let busy = 0;
  pool.on('acquire', () => {
    busy += 1;
    count.statements += 1;
    count.atOnce = Math.max(count.atOnce, busy);
  });
  pool.on('release', () => {
    busy -= 1;
  });
  return () => count;
}

/** Runs `work` while another session has the rows of these wallets locked. */
async function whileLocked<T>(users: readonly string[], work: () => Promise<T>): Promise<T> {
  const holder = await database.db.$client.connect();
  try {
    await holder.query('begin');
    await holder.query(
      'select from finance.wallets where user_id = any ($1) order by user_id for no key update',
      [users],
    );
    return await work();
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

describe('a batch, when one transfer is at fault,', () => {
  test('posts the others when the server fails a batch because of some', async () => {
    const { db } = database;
    const payer = await createHolder(db, 100n);
    const payees = await Promise.all(Array.from({ length: 9 }, () => createHolder(db)));
    const bad = new Set([payees[2] ?? '', payees[7] ?? '']);
    await refuseEntriesOf(database.db, [...bad]);
    const count = countStatements(db);
    const combiner = createTransferCombiner(db);
    const answers = await Promise.allSettled(
      payees.map((payee, i) => combiner.transfer(move(payer, payee, 1n, `t${i}`))),
    );
    await combiner.close();
    // Of 9, of 5 and 4, and so on down to the two.
    expect(count()).toEqual({ statements: 11, atOnce: 1 });
    for (const [i, payee] of payees.entries()) {
      expect(answers[i]).toMatchObject(
        bad.has(payee)
          ? { status: 'rejected', reason: { sqlState: 'P0001' } }
          : { status: 'fulfilled', value: { idempotencyKey: `t${i}` } },
      );
    }
    expect(await posted(database.db, payer, ...payees)).toEqual([
      93n,
      1n,
      1n,
      0n,
      1n,
      1n,
      1n,
      1n,
      0n,
      1n,
    ]);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('in a transaction, fails all when the server fails one, and the transaction with them', async () => {
    const [payer = '', good = '', bad = ''] = await createHolders(database.db, 3, 10n);
    await refuseEntriesOf(database.db, [bad]);
    const run = transaction(database.db, async (tx) => {
      const codes = await combine(tx, [move(payer, good, 1n, 'a'), move(payer, bad, 1n, 'b')]);
      expect(codes).toEqual(['P0001', 'P0001']);
    });
    await expect(run).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(await posted(database.db, payer, good)).toEqual([10n, 10n]);
  });
});

describe('a batch, when wallets are locked by somebody else,', () => {
  const impatient = { lockTimeoutMs: 300, max: 10 };

  test('fails those who need them, posts all others, and floods nobody', async () => {
    const payers = await createHolders(database.db, 60, 10n);
    const shop = await createHolder(database.db);
    const locked = [payers[7] ?? '', payers[31] ?? '', payers[32] ?? ''];
    const transfers = [...payers, ...payers].map((payer, i) => move(payer, shop, 1n, `t${i}`));
    await connected({ url: database.url, ...impatient }, async (db) => {
      const count = countStatements(db);
      const codes = await whileLocked(locked, () => combine(db, transfers));
      expect(codes).toEqual(
        [...payers, ...payers].map((payer) => (locked.includes(payer) ? '55P03' : 'ok')),
      );
      expect(count().statements).toBeLessThan(20);
      expect(count().atOnce).toBeLessThanOrEqual(4);
    });
    expect(await posted(database.db, shop, ...locked)).toEqual([114n, 10n, 10n, 10n]);
    expect(await auditLedger(database.db)).toEqual(SOUND);
  });

  test('keeps the order of what needs the same ones', async () => {
    const [payer = '', busy = '', other = ''] = await createHolders(database.db, 3);
    const funded = await createHolder(database.db, 10n);
    const transfers = [
      move(funded, busy, 10n, 'a'),
      move(busy, payer, 10n, 'b'),
      move(payer, other, 10n, 'c'),
    ];
    await connected({ url: database.url, ...impatient }, async (db) => {
      const combiner = createTransferCombiner(db);
      const answers: Promise<unknown>[] = [];
      await whileLocked([busy], async () => {
        answers.push(...transfers.map((each) => combiner.transfer(each).catch((e) => e.code)));
        // Posted first, without the money that was on its way.
        expect(await answers[2]).toBe('INSUFFICIENT_FUNDS');
      });
      expect(await Promise.all(answers.slice(0, 2))).toMatchObject([
        { idempotencyKey: 'a' },
        { idempotencyKey: 'b' },
      ]);
      await combiner.close();
    });
    expect(await posted(database.db, payer, busy)).toEqual([10n, 0n]);
  });

  test('tries once more when a lock was released right after the wait, and no oftener', async () => {
    const [payer = '', ...payees] = await createHolders(database.db, 4, 10n);
    // A lock that no look at the wallets shows.
    await database.db.$client.query(`
      create function finance.wait_for_test() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock(43);
        return new;
      end $$;
      create trigger wait_for_test before insert on finance.transactions
        for each row execute function finance.wait_for_test();
    `);
    const holder = await database.db.$client.connect();
    await holder.query('select pg_advisory_lock(43)');
    try {
      await connected({ url: database.url, ...impatient }, async (db) => {
        const count = countStatements(db);
        const codes = await combine(
          db,
          payees.map((payee, i) => move(payer, payee, 1n, `never ${i}`)),
        );
        expect(codes).toEqual(['55P03', '55P03', '55P03']);
        // Post, look, post, look.
        expect(count().statements).toBe(4);

        db.$client.once('release', () => holder.query('select pg_advisory_unlock(43)'));
        const later = await combine(
          db,
          payees.map((payee, i) => move(payer, payee, 1n, `later ${i}`)),
        );
        expect(later).toEqual(['ok', 'ok', 'ok']);
      });
    } finally {
      holder.release(true);
      await database.db.$client.query('drop function finance.wait_for_test cascade');
    }
    expect(await posted(database.db, payer)).toEqual([7n]);
  });
});

describe('a batch, for what no single transfer can cause,', () => {
  test.each([
    ['a server that takes no writes', '-c default_transaction_read_only=on', '25006'],
    ['a role without privileges', '-c role=pg_monitor', '42501'],
  ])('asks once: %s', async (_what, settings, sqlState) => {
    const [payer = '', payee = ''] = await createHolders(database.db, 2, 10n);
    const url = new URL(database.url);
    url.searchParams.set('options', settings);
    await connected({ url: url.href, requireMigrated: false }, async (db) => {
      const count = countStatements(db);
      const transfers = Array.from({ length: 500 }, (_, i) => move(payer, payee, 1n, `n${i}`));
      expect(new Set(await combine(db, transfers))).toEqual(new Set([sqlState]));
      expect(count().statements).toBeLessThanOrEqual(2);
    });
    expect(await posted(database.db, payer)).toEqual([10n]);
  });

  test('asks once: a statement that ran out of time, though no wallet is locked', async () => {
    const [payer = '', payee = ''] = await createHolders(database.db, 2, 10n);
    const holder = await database.db.$client.connect();
    try {
      await holder.query('begin; lock table finance.transactions in exclusive mode');
      await connected(
        { url: database.url, lockTimeoutMs: 0, statementTimeoutMs: 300 },
        async (db) => {
          const count = countStatements(db);
          const transfers = Array.from({ length: 500 }, (_, i) => move(payer, payee, 1n, `n${i}`));
          expect(new Set(await combine(db, transfers))).toEqual(new Set(['57014']));
          // And looked for locked wallets.
          expect(count().statements).toBe(2);
        },
      );
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    expect(await posted(database.db, payer)).toEqual([10n]);
  });
});
