import type { Database } from '../../src/db/connect.ts';
import { postTransfers, type TransferParams } from '../../src/queries/finance/index.ts';
import { type Contender, type MeasureOptions, measure } from '../lib/measure.ts';
import type { Section } from '../lib/report.ts';
import { sampleWaits } from '../lib/waits.ts';
import { createRandom, currency } from './data.ts';

const BATCH = 1_000;
const STAGED = 120;
let serial = 0;

/**
 * A batch of 1,000 transfers, beside plain `insert ... select` of rows that were computed before.
 */
export async function batches(
  db: Database,
  users: readonly string[],
  options: MeasureOptions,
): Promise<Section> {
  const half = users.length / 2;
  const ours = (callers: number): Contender => ({
    name: `postTransfers, ${callers === 1 ? '1 connection' : `${callers} connections`}`,
    callers,
    units: BATCH,
    operation: async (_call, caller) => {
      const mine = callers === 1 ? users : users.slice(caller * half, (caller + 1) * half);
      const results = await postTransfers(db, { transfers: createTransfers(mine) });
      if (results.some(({ status }) => status !== 'completed')) throw new Error('not posted');
    },
  });
  let next = 0;
  const insertStaged = async (isGuarded: boolean) => {
    const batch = next;
    next += 1;
    // A run that has used up its rows waits for nothing more, so its time is kept short.
    if (batch >= STAGED) throw new Error('too few rows were staged: measure for fewer seconds');
    const client = await db.$client.connect();
    await client.query('begin');
    if (!isGuarded) await client.query('set local session_replication_role = replica');
    await client.query({ name: 'bench_plain_tx', text: plainTransactions, values: [batch] });
    await client.query({ name: 'bench_plain_entries', text: plainEntries, values: [batch] });
    await client.query('commit');
    client.release();
  };
  const plain = (isGuarded: boolean): Contender => ({
    name: `insert ... select${isGuarded ? '' : ', triggers and foreign keys off'}`,
    units: BATCH,
    prepare: async () => {
      next = 0;
      await stage(db);
    },
    operation: () => insertStaged(isGuarded),
  });
  const settle: Contender['prepare'] = () => adoptEntries(db);
  const results = await measure(
    [plain(true), { ...plain(false) }, { ...ours(1), prepare: settle }, ours(2)],
    options,
  );
  const waits = await sampleWaits(db, () => measure([ours(2)], { ...options, runs: 1 }));
  return {
    title: `A batch of ${BATCH} transfers between 10,000 wallets (per second: transfers)`,
    results,
    notes: [`What the backends of 2 connections wait for: ${waits}`],
  };
}

const random = createRandom(4);

function createTransfers(users: readonly string[]): TransferParams[] {
  return Array.from({ length: BATCH }, () => {
    const from = random(users.length);
    const to = (from + 1 + random(users.length - 1)) % users.length;
    serial += 1;
    return {
      from: { userId: users[from] ?? '', currency },
      to: { userId: users[to] ?? '', currency },
      amount: 1n,
      idempotencyKey: `batch ${process.pid} ${serial}`,
    };
  });
}

const plainTransactions = `
  insert into finance.transactions (user_id, id, type, status, currency, amount, idempotency_key,
    request_hash, occurred_at, recorded_at)
  select payer, id, 'TRANSFER', 'COMPLETED', '${currency}', 1, 'plain ' || id,
    sha256('plain'), at, at
  from bench_transfers
  where batch = $1`;

const plainEntries = `
  insert into finance.entries (user_id, currency, version, transaction_user_id, transaction_id,
    amount, posted_after, recorded_at)
  select user_id, '${currency}', version, payer, id, amount, posted_after, at
  from bench_legs
  where batch = $1`;

/**
 * Computes the rows of many batches on the wallets as they are, so that inserting them is all that
 * is left.
 */
async function stage(db: Database): Promise<void> {
  await adoptEntries(db);
  await db.$client.query('drop table if exists bench_transfers, bench_legs');
  await db.$client.query(`
    create unlogged table bench_transfers as
    with places as (
      select user_id, (row_number() over (order by user_id) - 1)::integer as place
      from finance.wallets where kind = 'USER' and currency = '${currency}'
    ), pairs as materialized (
      select n, floor(random() * (select count(*) from places))::integer as a,
        1 + floor(random() * ((select count(*) from places) - 1))::integer as shift
      from generate_series(0, ${STAGED * BATCH - 1}) as n
    )
    select n / ${BATCH} as batch, n, uuidv7() as id,
      payers.user_id as payer, payees.user_id as payee, statement_timestamp() as at
    from pairs
    join places as payers on payers.place = a
    join places as payees on payees.place = (a + shift) % (select count(*) from places)`);
  await db.$client.query(`
    create unlogged table bench_legs as
    select batch, leg.user_id, payer, id, leg.amount, at,
      wallets.version + row_number() over chain as version,
      wallets.posted + sum(leg.amount) over chain as posted_after
    from bench_transfers
    cross join lateral (values (payer, -1), (payee, 1)) as leg (user_id, amount)
    join finance.wallets on wallets.user_id = leg.user_id and wallets.currency = '${currency}'
    window chain as (partition by leg.user_id order by n)`);
  await db.$client.query('create index on bench_transfers (batch)');
  await db.$client.query('create index on bench_legs (batch)');
  await db.$client.query('vacuum (analyze) bench_transfers');
  await db.$client.query('vacuum (analyze) bench_legs');
}

/** Makes the wallets agree with entries that were inserted without triggers. */
async function adoptEntries(db: Database): Promise<void> {
  const client = await db.$client.connect();
  await client.query('begin');
  await client.query('set local session_replication_role = replica');
  await client.query(`
    update finance.wallets
    set posted = newest.posted_after, version = newest.version, posted_at = newest.recorded_at
    from (
      select distinct on (user_id, currency) user_id, currency, version, posted_after, recorded_at
      from finance.entries
      order by user_id, currency, version desc
    ) as newest
    where wallets.user_id = newest.user_id
      and wallets.currency = newest.currency
      and wallets.version <> newest.version`);
  await client.query('commit');
  client.release();
}
