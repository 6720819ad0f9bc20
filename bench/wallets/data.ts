import type { Database } from '../../src/db/connect.ts';
import { systemOwners } from '../../src/queries/finance/index.ts';

export const currency = 'ZAR';

/** Users with an open wallet that holds 10,000,000.00 each, funded by one entry. */
export async function createWallets(db: Database, count: number): Promise<string[]> {
  const { rows } = await db.$client.query(
    `with people as (
       insert into identity.users (email, name)
       select gen_random_uuid() || '@example.com', 'Bench' from generate_series(1, $1::integer)
       returning id
     )
     insert into finance.wallets (user_id, currency)
     select id, '${currency}' from people
     returning user_id`,
    [count],
  );
  const users: string[] = rows.map((row: { user_id: string }) => row.user_id);
  await addHistory(db, users, 1, 1_000_000_000n);
  await db.$client.query('vacuum (analyze) finance.wallets, finance.entries, finance.transactions');
  return users;
}

/**
 * Gives each wallet `length` deposits of `amount`, a second apart from 2020 on, with the triggers
 * off, and makes wallets and EXTERNAL agree with them.
 */
export async function addHistory(
  db: Database,
  users: readonly string[],
  length: number,
  amount: bigint,
): Promise<void> {
  const client = await db.$client.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(
      `create temp table history on commit drop as
       select users.user_id, uuidv7() as id, step, wallets.version + step as version,
         wallets.posted + step * $3::bigint as posted_after,
         coalesce(external.posted_at, '2020-01-01') + step * interval '1 second' as at,
         external.version + row_number() over (order by step, users.user_id) as external_version,
         external.posted
           - $3::bigint * row_number() over (order by step, users.user_id) as external_after
       from unnest($1::uuid[]) as users (user_id)
       join finance.wallets on wallets.user_id = users.user_id and wallets.currency = '${currency}'
       join finance.wallets as external
         on external.kind = 'EXTERNAL' and external.currency = '${currency}'
       cross join generate_series(1, $2::integer) as step`,
      [users, length, amount],
    );
    await client.query(
      `insert into finance.transactions (user_id, id, type, status, currency, amount,
         idempotency_key, request_hash, occurred_at, recorded_at)
       select user_id, id, 'DEPOSIT', 'COMPLETED', '${currency}', $1::bigint, 'history ' || version,
         sha256('history'), at, at
       from history`,
      [amount],
    );
    await client.query(
      `insert into finance.entries (user_id, currency, version, transaction_user_id, transaction_id,
         amount, posted_after, recorded_at)
       select user_id, '${currency}', version, user_id, id, $1::bigint, posted_after, at
       from history
       union all
       select '${systemOwners.EXTERNAL}', '${currency}', external_version, user_id, id,
         -$1::bigint, external_after, at
       from history
       order by 1, 2, 3`,
      [amount],
    );
    await client.query(
      `update finance.wallets
       set posted = newest.posted_after, version = newest.version, posted_at = newest.recorded_at
       from (
         select distinct on (user_id, currency)
           user_id, currency, version, posted_after, recorded_at
         from finance.entries
         order by user_id, currency, version desc
       ) as newest
       where wallets.user_id = newest.user_id and wallets.currency = newest.currency`,
    );
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** Repeatable randomness. */
export function createRandom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
