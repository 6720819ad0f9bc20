/** What an audit can find wrong. */
export type FindingKind =
  | 'UNBALANCED_TRANSACTION'
  | 'MISSING_ENTRIES'
  | 'UNEXPECTED_ENTRIES'
  | 'VERSION_GAP'
  | 'RUNNING_BALANCE_MISMATCH'
  | 'TIME_DISORDER'
  | 'BALANCE_MISMATCH'
  | 'VERSION_MISMATCH'
  | 'HELD_MISMATCH'
  | 'NEGATIVE_AVAILABLE'
  | 'ORPHAN_HOLD'
  | 'ORPHAN_ENTRY'
  | 'OCCURRENCE_MISMATCH'
  | 'SUPPLY_EXCEEDED';

/*
 * Each check is one statement that returns the findings of its kinds, at most $1 of them. The server sorts and groups
 * within work_mem and spills the rest to disk, so the size of the ledger sets the time and not the memory.
 *
 * Columns: kind, user_id, currency, version, transaction_user_id, transaction_id, expected, actual.
 */

const transactions = `
  with legs as (
    select transaction_user_id, transaction_id, currency, sum(amount) as total
    from finance.entries
    group by transaction_user_id, transaction_id, currency
  )
  select
    case
      when legs.transaction_id is null then 'MISSING_ENTRIES'
      when coalesce(status <> 'COMPLETED' or type in ('HOLD', 'RELEASE'), true) then 'UNEXPECTED_ENTRIES'
      else 'UNBALANCED_TRANSACTION'
    end as kind,
    null::uuid as user_id, legs.currency, null::bigint as version,
    coalesce(transaction_user_id, transactions.user_id) as transaction_user_id,
    coalesce(transaction_id, transactions.id) as transaction_id,
    '0' as expected, legs.total::text as actual
  from legs
  full join finance.transactions
    on transactions.user_id = transaction_user_id and transactions.id = transaction_id
  where legs.total <> 0
    or (legs.transaction_id is null and status = 'COMPLETED' and type not in ('HOLD', 'RELEASE'))
    or (legs.transaction_id is not null
      and coalesce(status <> 'COMPLETED' or type in ('HOLD', 'RELEASE'), true))
  limit $1`;

const chains = `
  select
    case
      when version <> previous_version + 1 then 'VERSION_GAP'
      when posted_after <> previous_posted + amount then 'RUNNING_BALANCE_MISMATCH'
      else 'TIME_DISORDER'
    end as kind,
    user_id, currency, version, transaction_user_id, transaction_id,
    case
      when version <> previous_version + 1 then (previous_version + 1)::text
      when posted_after <> previous_posted + amount then (previous_posted + amount)::text
    end as expected,
    case
      when version <> previous_version + 1 then version::text
      when posted_after <> previous_posted + amount then posted_after::text
    end as actual
  from (
    select
      *,
      coalesce(lag(version) over chain, 0) as previous_version,
      coalesce(lag(posted_after) over chain, 0)::numeric as previous_posted,
      lag(recorded_at) over chain as previous_at
    from finance.entries
    window chain as (partition by user_id, currency order by version)
  ) as links
  where version <> previous_version + 1
    or posted_after <> previous_posted + amount
    or recorded_at < previous_at
  limit $1`;

const wallets = `
  select
    facts.kind, user_id, currency, version, null::uuid as transaction_user_id,
    null::uuid as transaction_id, expected::text, actual::text
  from finance.wallets
  left join lateral (
    select posted_after, entries.version as last_version
    from finance.entries
    where entries.user_id = wallets.user_id
      and entries.currency = wallets.currency
    order by entries.version desc
    limit 1
  ) as newest on true
  left join lateral (
    select sum(amount) as held_back
    from finance.holds
    where holds.user_id = wallets.user_id
      and holds.currency = wallets.currency
      and holds.status = 'PENDING'
  ) as open_holds on true
  cross join lateral (
    values
      ('BALANCE_MISMATCH', coalesce(posted_after, 0)::numeric, posted::numeric),
      ('VERSION_MISMATCH', coalesce(last_version, 0), wallets.version),
      ('HELD_MISMATCH', coalesce(held_back, 0), held)
  ) as facts (kind, expected, actual)
  where expected <> actual
  limit $1`;

const funds = `
  select
    'NEGATIVE_AVAILABLE' as kind, user_id, currency, version, null::uuid as transaction_user_id,
    null::uuid as transaction_id, (-credit_limit)::text as expected,
    (posted::numeric - held)::text as actual
  from finance.wallets
  where posted::numeric - held < -credit_limit
  limit $1`;

const supply = `
  select
    'SUPPLY_EXCEEDED' as kind, user_id, currency, null::bigint as version,
    null::uuid as transaction_user_id, null::uuid as transaction_id,
    coalesce(supply_limit, 0)::text as expected, issued::text as actual
  from finance.currencies
  cross join lateral (
    select user_id, currency, -sum(amount) as issued
    from finance.entries
    where user_id = '00000000-0000-0000-0000-000000000001'
      and currency = code
    group by user_id, currency
  ) as minted
  where issued > coalesce(supply_limit, 0)
  limit $1`;

const holds = `
  select
    'ORPHAN_HOLD' as kind, holds.user_id, holds.currency, null::bigint as version,
    holds.user_id as transaction_user_id, holds.id as transaction_id,
    null::text as expected, holds.status::text as actual
  from finance.holds
  left join finance.wallets
    on wallets.user_id = holds.user_id and wallets.currency = holds.currency
  left join finance.transactions as placed
    on placed.user_id = holds.user_id and placed.id = holds.id
  left join finance.transactions as resolved
    on resolved.user_id = holds.user_id and resolved.id = holds.resolution_id
  where wallets.user_id is null
    or placed.type is distinct from 'HOLD'
    or placed.status is distinct from 'COMPLETED'
    or (holds.status = 'CAPTURED' and (
      resolved.type is distinct from 'CAPTURE' or resolved.status is distinct from 'COMPLETED'
      or resolved.amount is distinct from holds.captured
    ))
    or (holds.status = 'RELEASED' and (
      resolved.type is distinct from 'RELEASE' or resolved.status is distinct from 'COMPLETED'
    ))
  limit $1`;

const owners = `
  select
    'ORPHAN_ENTRY' as kind, owned.user_id, owned.currency, null::bigint as version,
    null::uuid as transaction_user_id, null::uuid as transaction_id,
    null::text as expected, null::text as actual
  from (select distinct user_id, currency from finance.entries) as owned
  left join finance.wallets
    on wallets.user_id = owned.user_id and wallets.currency = owned.currency
  where wallets.user_id is null
  limit $1`;

const occurrences = `
  with moments as (
    select user_id, currency, (extract(epoch from occurred_at) * 1000000)::bigint as micros, amount
    from finance.entries
    where occurred_at is not null
    union all
    select user_id, currency, (extract(epoch from recorded_at) * 1000000)::bigint, -amount
    from finance.entries
    where occurred_at is not null
  ), expected_sums as (
    select user_id, currency, level::smallint as level, micros >> (8 * level) as stretch, sum(amount) as amount
    from moments
    cross join generate_series(0, 6) as level
    group by user_id, currency, level, micros >> (8 * level)
  )
  select
    'OCCURRENCE_MISMATCH' as kind, user_id, currency, null::bigint as version,
    null::uuid as transaction_user_id, null::uuid as transaction_id,
    coalesce(expected_sums.amount, 0)::text as expected, coalesce(kept.amount, 0)::text as actual
  from expected_sums
  full join finance.occurrence_sums as kept using (user_id, currency, level, stretch)
  where coalesce(expected_sums.amount, 0) <> coalesce(kept.amount, 0)
  limit $1`;

const dates = `
  select
    'OCCURRENCE_MISMATCH' as kind, entries.user_id, entries.currency, version,
    transaction_user_id, transaction_id, null::text as expected, null::text as actual
  from finance.entries
  join finance.transactions
    on transactions.user_id = transaction_user_id and transactions.id = transaction_id
  where coalesce(entries.occurred_at, entries.recorded_at) <> transactions.occurred_at
  limit $1`;

export const auditChecks: readonly { readonly label: string; readonly text: string }[] = [
  { label: 'audit_transactions', text: transactions },
  { label: 'audit_chains', text: chains },
  { label: 'audit_wallets', text: wallets },
  { label: 'audit_funds', text: funds },
  { label: 'audit_supply', text: supply },
  { label: 'audit_holds', text: holds },
  { label: 'audit_owners', text: owners },
  { label: 'audit_occurrences', text: occurrences },
  { label: 'audit_dates', text: dates },
];
