-- Looking back: balances of the past, and seals that make a change of the past visible. Functions,
-- and triggers on two tables that only the sealer writes; locks nothing that a posting needs.

comment on table finance.seals is 'A link of the chain of SHA-256 hashes over the sealed entries; append-only';
--> statement-breakpoint
comment on table finance.sealed_ranges is 'Consecutive entries of one wallet under a seal; append-only';
--> statement-breakpoint
create or replace trigger seals_append_only
before update or delete or truncate on finance.seals
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger sealed_ranges_append_only
before update or delete or truncate on finance.sealed_ranges
for each statement execute function platform.forbid_change();
--> statement-breakpoint
-- Recorded times follow versions, so the last entry up to an instant is found by halving: 20 reads
-- by the primary key in a history of a million entries, and no index on the time to pay for.
create or replace function finance.balance_at_recorded(
  owner uuid, of_currency text, at timestamptz, out posted bigint, out version bigint
)
language plpgsql stable
as $$
declare
  low bigint := 0;
  high bigint;
  middle bigint;
  entry record;
begin
  select wallets.version into high
  from finance.wallets
  where user_id = owner and currency = of_currency;
  if not found then
    return;
  end if;
  posted := 0;
  while low < high loop
    middle := (low + high + 1) / 2;
    select recorded_at, posted_after into entry
    from finance.entries
    where entries.user_id = owner
      and entries.currency = of_currency
      and entries.version = middle;
    if entry.recorded_at <= at then
      low := middle;
      posted := entry.posted_after;
    else
      high := middle - 1;
    end if;
  end loop;
  version := low;
end
$$;
--> statement-breakpoint
comment on function finance.balance_at_recorded(uuid, text, timestamptz) is 'What a wallet had at an instant, as it was recorded';
--> statement-breakpoint
-- What had happened by an instant, as far as it is recorded now: the balance by recorded time, and
-- the difference that backdated and predated entries make. That is a sum over at most 255 rows for
-- each of the 6 shorter lengths of time, and over one row for each 8.9 years (256^6 microseconds) that
-- have such entries, however many there are. A numeric, because a balance that was never recorded so
-- can be more than 8 bytes hold: money that came back before it went is there twice.
create or replace function finance.balance_at_occurred(owner uuid, of_currency text, at timestamptz)
returns numeric
language sql stable
as $$
  select recorded.posted + coalesce((
    select sum(amount)
    from generate_series(0, 6) as level
    cross join lateral (select (extract(epoch from at) * 1000000)::bigint >> (8 * level) as now) as here
    join finance.occurrence_sums on occurrence_sums.user_id = owner
      and occurrence_sums.currency = of_currency
      and occurrence_sums.level = level.level
      and stretch >= case when level.level < 6 then (now >> 8) << 8 else -9223372036854775808 end
      and stretch < now + case when level.level = 0 then 1 else 0 end
  ), 0)
  from finance.balance_at_recorded(owner, of_currency, at) as recorded
$$;
--> statement-breakpoint
comment on function finance.balance_at_occurred(uuid, text, timestamptz) is 'What a wallet had at an instant, by when things happened';
--> statement-breakpoint
-- Everything that an entry says, with what its transaction says about it. Instants go in as
-- microseconds, because their text depends on the session.
create or replace function finance.entry_digest(entry finance.entries, posted finance.transactions)
returns bytea
language sql immutable
as $$
  select sha256(convert_to(row(
    entry.user_id, entry.currency, entry.version, entry.amount, entry.posted_after,
    (extract(epoch from entry.recorded_at) * 1000000)::bigint,
    (extract(epoch from entry.occurred_at) * 1000000)::bigint,
    entry.transaction_user_id, entry.transaction_id, posted.type::text, posted.status::text,
    posted.currency, posted.amount, posted.description, posted.metadata::text,
    posted.idempotency_key, encode(posted.request_hash, 'hex'), posted.reverses_id,
    posted.rate_numerator, posted.rate_denominator,
    (extract(epoch from posted.occurred_at) * 1000000)::bigint,
    (extract(epoch from posted.recorded_at) * 1000000)::bigint
  )::text, 'UTF8'))
$$;
--> statement-breakpoint
comment on function finance.entry_digest(finance.entries, finance.transactions) is 'The SHA-256 of an entry and its transaction';
--> statement-breakpoint
create or replace function finance.seal_hash(seal bigint, previous bytea) returns bytea
language sql stable
as $$
  select sha256(previous || int8send(seal) || string_agg(hash, '' order by user_id, currency, last_version))
  from finance.sealed_ranges
  where seal_number = seal
$$;
--> statement-breakpoint
comment on function finance.seal_hash(bigint, bytea) is 'The hash of a seal over its ranges and the seal before';
--> statement-breakpoint
create or replace function finance.range_hash(owner uuid, of_currency text, first bigint, last bigint)
returns bytea
language sql stable
as $$
  select sha256(
    uuid_send(owner) || convert_to(of_currency, 'UTF8') || int8send(first) || int8send(last)
    || coalesce(string_agg(finance.entry_digest(entries, transactions), '' order by version), '')
  )
  from finance.entries
  left join finance.transactions
    on transactions.user_id = transaction_user_id and transactions.id = transaction_id
  where entries.user_id = owner
    and entries.currency = of_currency
    and version between first and last
$$;
--> statement-breakpoint
comment on function finance.range_hash(uuid, text, bigint, bigint) is 'The SHA-256 over consecutive entries of a wallet';
--> statement-breakpoint
-- Seals what is new in the next `page` wallets after the given key, and says where it stopped. One
-- sealer at a time, because the seals are a chain; it locks no wallet.
create or replace function finance.seal_entries(
  after_owner uuid, after_currency text, page integer, range_size integer,
  out last_owner uuid, out last_currency text, out sealed bigint
)
language plpgsql
as $$
declare
  next_number bigint;
  previous bytea;
  ranges integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('azora seals', 0));
  select number + 1, hash into next_number, previous
  from finance.seals
  order by number desc
  limit 1;
  next_number := coalesce(next_number, 1);
  previous := coalesce(previous, sha256(''));
  -- The seal's hash is over its ranges, and its ranges refer to it.
  set constraints finance.sealed_ranges_seal_number_fkey deferred;

  with wallets_of_page as materialized (
    select user_id, currency, version
    from finance.wallets
    where (user_id, currency) > (after_owner, after_currency)
    order by user_id, currency
    limit page
  ), unsealed_ranges as (
    select user_id, currency, first_version, least(first_version + range_size - 1, version) as last_version
    from wallets_of_page
    cross join lateral generate_series(
      (
        select coalesce(max(last_version), 0) + 1
        from finance.sealed_ranges
        where sealed_ranges.user_id = wallets_of_page.user_id
          and sealed_ranges.currency = wallets_of_page.currency
      ), version, range_size
    ) as first_version
  ), new_ranges as (
    insert into finance.sealed_ranges (user_id, currency, first_version, last_version, seal_number, digests, hash)
    select
      user_id, currency, first_version, last_version, next_number,
      (
        select string_agg(substring(finance.entry_digest(entries, transactions) for 8), '' order by version)
        from finance.entries
        join finance.transactions
          on transactions.user_id = transaction_user_id and transactions.id = transaction_id
        where entries.user_id = unsealed_ranges.user_id
          and entries.currency = unsealed_ranges.currency
          and version between first_version and last_version
      ),
      finance.range_hash(user_id, currency, first_version, last_version)
    from unsealed_ranges
    returning last_version - first_version + 1 as entry_count
  )
  select
    (select count(*) from new_ranges), (select coalesce(sum(entry_count), 0) from new_ranges),
    user_id, currency
  into ranges, sealed, last_owner, last_currency
  from wallets_of_page
  order by user_id desc, currency desc
  limit 1;
  sealed := coalesce(sealed, 0);

  if ranges > 0 then
    insert into finance.seals (number, previous_hash, hash, range_count)
    values (next_number, previous, finance.seal_hash(next_number, previous), ranges);
  end if;
end
$$;
--> statement-breakpoint
comment on function finance.seal_entries(uuid, text, integer, integer) is 'Seals the new entries of the next wallets';
--> statement-breakpoint
do $$
begin
  if exists (
    select from pg_constraint where conname = 'sealed_ranges_seal_number_fkey' and not condeferrable
  ) then
    alter table finance.sealed_ranges alter constraint sealed_ranges_seal_number_fkey deferrable initially immediate;
  end if;
end
$$;
