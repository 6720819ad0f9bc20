import { describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../../../src/connect.ts';
import {
  auditLedger,
  createTransferCombiner,
  type TransferParams,
} from '../../../src/queries/finance/index.ts';
import type { Database } from '../../../src/session.ts';
import { transaction } from '../../../src/transaction.ts';
import { startProxy } from '../../setup/proxy.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { waitFor } from '../../setup/wait-for.ts';
import { createHolder } from './bundle.ts';
import { combine, move, posted } from './combining.ts';

const database = useTestDatabase({ max: 20 });

function createHolders(count: number, money = 0n): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => createHolder(database.db, money)));
}

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

async function connected<T>(options: ConnectOptions, work: (db: Database) => Promise<T>) {
  const db = await connect({ url: database.url, ...options });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
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

/** Sends a batch whose answer gets lost after it was posted; `then` is what the network does next. */
async function combineUnheard(
  transfers: readonly TransferParams[],
  landmark: string,
  then: (proxy: Awaited<ReturnType<typeof startProxy>>) => void | Promise<void>,
) {
  const proxy = await startProxy(database.url);
  try {
    return await connected({ url: proxy.url, max: 1 }, async (db) => {
      proxy.swallowAnswers();
      const answers = combine(db, transfers);
      await waitFor(
        'the batch is posted',
        async () => (await posted(database.db, landmark))[0] !== 0n,
      );
      await then(proxy);
      proxy.break();
      return await answers;
    });
  } finally {
    proxy.stop();
  }
}

describe('a batch, when one transfer is at fault,', () => {
  test('posts the others when the server fails a batch because of some', async () => {
    const { db } = database;
    const payer = await createHolder(db, 100n);
    const payees = await Promise.all(Array.from({ length: 9 }, () => createHolder(db)));
    const bad = new Set([payees[2] ?? '', payees[7] ?? '']);
    await refuseEntriesOf([...bad]);
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
    expect(await auditLedger(db)).toEqual([]);
  });

  test('in a transaction, fails all when the server fails one, and the transaction with them', async () => {
    const [payer = '', good = '', bad = ''] = await createHolders(3, 10n);
    await refuseEntriesOf([bad]);
    const run = transaction(database.db, async (tx) => {
      const codes = await combine(tx, [move(payer, good, 1n, 'a'), move(payer, bad, 1n, 'b')]);
      expect(codes).toEqual(['P0001', 'P0001']);
    });
    await expect(run).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(await posted(database.db, payer, good)).toEqual([10n, 10n]);
  });
});

describe('a batch, after a lost connection,', () => {
  test('says that nobody knows when it cannot ask again', async () => {
    const [payer = '', payee = ''] = await createHolders(2);
    const funded = await createHolder(database.db, 10n);
    const transfers = [move(funded, payee, 1n, 'a'), move(payer, payee, 1n, 'b')];
    const codes = await combineUnheard(transfers, payee, (proxy) => proxy.refuse());
    expect(codes).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
    // Under the same keys the outcomes are there.
    expect(await combine(database.db, transfers)).toEqual(['ok', 'INSUFFICIENT_FUNDS']);
    expect(await posted(database.db, funded, payee)).toEqual([9n, 1n]);
  });

  test('asks again, and gives the outcomes of what was posted', async () => {
    const [payer = '', payee = ''] = await createHolders(2);
    const funded = await createHolder(database.db, 10n);
    const transfers = [move(funded, payee, 1n, 'a'), move(payer, payee, 1n, 'b')];
    const codes = await combineUnheard(transfers, payee, () => undefined);
    expect(codes).toEqual(['ok', 'INSUFFICIENT_FUNDS']);
    expect(await posted(database.db, funded, payee)).toEqual([9n, 1n]);
  });

  test('claims to know no more than before when asking again is refused', async () => {
    const [payer = '', good = '', bad = ''] = await createHolders(3, 10n);
    await refuseEntriesOf([bad]);
    const proxy = await startProxy(database.url);
    try {
      await connected({ url: proxy.url, max: 1 }, async (db) => {
        proxy.freeze();
        const codes = combine(db, [move(payer, good, 1n, 'a'), move(payer, bad, 1n, 'b')]);
        proxy.thaw();
        proxy.break();
        expect(await codes).toEqual(['ok', 'CONNECTION_LOST']);
      });
    } finally {
      proxy.stop();
    }
    expect(await posted(database.db, payer, good, bad)).toEqual([9n, 11n, 10n]);
  });
});

describe('a batch, when wallets are locked by somebody else,', () => {
  const impatient = { lockTimeoutMs: 300, max: 10 };

  test('fails those who need them, posts all others, and floods nobody', async () => {
    const payers = await createHolders(60, 10n);
    const shop = await createHolder(database.db);
    const locked = [payers[7] ?? '', payers[31] ?? '', payers[32] ?? ''];
    const transfers = [...payers, ...payers].map((payer, i) => move(payer, shop, 1n, `t${i}`));
    await connected(impatient, async (db) => {
      const count = countStatements(db);
      const codes = await whileLocked(locked, () => combine(db, transfers));
      expect(codes).toEqual(
        [...payers, ...payers].map((payer) => (locked.includes(payer) ? '55P03' : 'ok')),
      );
      expect(count().statements).toBeLessThan(20);
      expect(count().atOnce).toBeLessThanOrEqual(4);
    });
    expect(await posted(database.db, shop, ...locked)).toEqual([114n, 10n, 10n, 10n]);
    expect(await auditLedger(database.db)).toEqual([]);
  });

  test('keeps the order of what needs the same ones', async () => {
    const [payer = '', busy = '', other = ''] = await createHolders(3);
    const funded = await createHolder(database.db, 10n);
    const transfers = [
      move(funded, busy, 10n, 'a'),
      move(busy, payer, 10n, 'b'),
      move(payer, other, 10n, 'c'),
    ];
    await connected(impatient, async (db) => {
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
    const [payer = '', ...payees] = await createHolders(4, 10n);
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
      await connected(impatient, async (db) => {
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
    const [payer = '', payee = ''] = await createHolders(2, 10n);
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
    const [payer = '', payee = ''] = await createHolders(2, 10n);
    const holder = await database.db.$client.connect();
    try {
      await holder.query('begin; lock table finance.transactions in exclusive mode');
      await connected({ lockTimeoutMs: 0, statementTimeoutMs: 300 }, async (db) => {
        const count = countStatements(db);
        const transfers = Array.from({ length: 500 }, (_, i) => move(payer, payee, 1n, `n${i}`));
        expect(new Set(await combine(db, transfers))).toEqual(new Set(['57014']));
        // And looked for locked wallets.
        expect(count().statements).toBe(2);
      });
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    expect(await posted(database.db, payer)).toEqual([10n]);
  });
});

/** A rule of the installation, which no check of ours can foresee. */
async function refuseEntriesOf(owners: string[]): Promise<void> {
  await database.db.$client.query(`
    create or replace function finance.refuse_owners() returns trigger
    language plpgsql
    as $$
    begin
      if new.user_id = any ('{${owners.join()}}') then
        raise exception 'not this one';
      end if;
      return new;
    end
    $$;
    create or replace trigger refuse_owners before insert on finance.entries
    for each row execute function finance.refuse_owners();
  `);
}
