import { describe, expect, test } from 'vitest';
import type { Db } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  getBalanceAt,
  listStatement,
  postTransfers,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder } from '../bundle.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });
const LENGTH = 4_000;

/** A wallet with 4,000 entries, every other one backdated to a time of its own. */
async function createHistory(): Promise<string> {
  const { db } = database;
  const [alice, bob] = await Promise.all([createHolder(db, 1_000_000n), createHolder(db)]);
  for (let batch = 0; batch < LENGTH / 1_000; batch += 1) {
    const transfers = Array.from({ length: 1_000 }, (_, i) => ({
      from: zar(alice),
      to: zar(bob),
      amount: 1n,
      idempotencyKey: `${batch} ${i}`,
      ...(i % 2 === 0 && {
        occurredAt: new Date(Date.UTC(2015, 0, 1) + (batch * 1_000 + i) * 7e7),
      }),
    }));
    await postTransfers(db, { transfers });
  }
  await db.$client.query(
    'vacuum analyze finance.entries, finance.occurrence_sums, finance.transactions',
  );
  return alice;
}

/** How many rows of the ledger `read` fetched, by the server's own count. */
async function rowsRead(read: (tx: Db) => Promise<unknown>): Promise<number> {
  return transaction(database.db, async (tx) => {
    const count = async () => {
      const { rows } = await tx.execute<{ read: string }>(
        `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::text as read
         from pg_stat_xact_user_tables
         where relname in ('entries', 'occurrence_sums', 'transactions')`,
      );
      return Number(rows[0]?.read);
    };
    const before = await count();
    await read(tx);
    return (await count()) - before;
  });
}

describe('in a long history', () => {
  test('getBalanceAt and listStatement read a bounded number of rows', async () => {
    const alice = await createHistory();
    const times = [new Date(Date.UTC(2018, 5, 1)), new Date()];
    for (const at of times) {
      const recorded = await rowsRead((tx) => getBalanceAt(tx, { ...zar(alice), recordedAt: at }));
      expect(recorded).toBeLessThanOrEqual(Math.ceil(Math.log2(LENGTH)) + 2);
      // The same, and at most 255 sums of each of 6 levels, and one of each 8.9 years before; here hardly any is full.
      const occurred = await rowsRead((tx) => getBalanceAt(tx, { ...zar(alice), occurredAt: at }));
      expect(occurred).toBeLessThanOrEqual(6 * 255 + 2 + 14);
    }
    const page = await rowsRead((tx) => listStatement(tx, { ...zar(alice), limit: 50 }));
    expect(page).toBeLessThanOrEqual(2 * 51);
  });
});

describe('the index', () => {
  const id = '01890000-0000-7000-8000-000000000000';

  test.each([
    ['wallets_(pkey|currency_idx)', `finance.wallets where user_id = '${id}' and currency = 'ZAR'`],
    ['wallets_address_idx', `finance.wallets where address = 'ZAR00'`],
    ['transactions_pkey', `finance.transactions where user_id = '${id}' and id = '${id}'`],
    [
      'entries_transaction_idx',
      `finance.entries where transaction_user_id = '${id}' and transaction_id = '${id}'`,
    ],
    [
      'entries_pkey',
      `finance.entries where user_id = '${id}' and currency = 'ZAR' and version < 9 order by version desc limit 5`,
    ],
    [
      'holds_due_idx',
      `finance.holds where status = 'PENDING' and expires_at <= now() order by expires_at, user_id, id limit 5`,
    ],
    [
      'sealed_ranges_seal_number_place_key',
      'finance.sealed_ranges where seal_number = 1 order by place',
    ],
  ])('%s serves its query', async (name, query) => {
    const plan = await transaction(database.db, async (tx) => {
      // The tables are small here, where reading all of one is cheapest.
      await tx.execute('set local enable_seqscan = off');
      await tx.execute('set local enable_bitmapscan = off');
      await tx.execute('set local enable_sort = off');
      const { rows } = await tx.execute<{ 'QUERY PLAN': string }>(
        `explain (costs off) select * from ${query}`,
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
    expect(plan).toMatch(new RegExp(`using ${name}\\b`));
  });
});
