create or replace function finance.seal_entries(
  after_owner uuid, after_currency text, page integer, range_size integer,
  most integer default 10000,
  out last_owner uuid, out last_currency text, out sealed bigint
)
language plpgsql
as $$
-- Seals what is new in the next `page` wallets after the given key, at most `most` entries of them,
-- and says after which key to go on: a wallet that is not sealed to its end comes again. One sealer
-- at a time, because the seals are a chain; it locks no wallet. A caller whose snapshot is older
-- than another's seal gets a serialization failure.
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

  with wallets_of_page as (
    select
      user_id, currency, version, sealed_version,
      greatest(version - sealed_version, 0) as unsealed
    from (
      select
        user_id, currency, version,
        (
          select coalesce(max(last_version), 0)
          from finance.sealed_ranges
          where sealed_ranges.user_id = wallets.user_id
            and sealed_ranges.currency = wallets.currency
        ) as sealed_version
      from finance.wallets
      where (user_id, currency) > (after_owner, after_currency)
      order by user_id, currency
      limit page
    ) as next_wallets
  ), reached_wallets as materialized (
    select
      user_id, currency, version, sealed_version,
      least(version, sealed_version + most - unsealed_before)::bigint as sealed_until
    from (
      select *, sum(unsealed) over (order by user_id, currency) - unsealed as unsealed_before
      from wallets_of_page
    ) as counted_wallets
    where unsealed_before < most
  ), unsealed_ranges as (
    select
      user_id, currency, first_version,
      least(first_version + range_size - 1, sealed_until) as last_version
    from reached_wallets
    cross join lateral generate_series(
      sealed_version + 1, sealed_until, range_size
    ) as first_version
  ), new_ranges as (
    insert into finance.sealed_ranges (
      user_id, currency, first_version, last_version, seal_number, digests, hash
    )
    select
      user_id, currency, first_version, last_version, next_number,
      (
        select string_agg(
          substring(finance.entry_digest(entries, transactions) for 8), '' order by version
        )
        from finance.entries
        join finance.transactions
          on transactions.user_id = transaction_user_id and transactions.id = transaction_id
        where entries.user_id = unsealed_ranges.user_id
          and entries.currency = unsealed_ranges.currency
          and version between first_version and last_version
      ),
      finance.range_hash(user_id, currency, first_version, last_version)
    from unsealed_ranges
    on conflict (user_id, currency, last_version) do nothing
    returning last_version - first_version + 1 as entry_count
  )
  select
    (select count(*) from new_ranges), (select coalesce(sum(entry_count), 0) from new_ranges),
    user_id, currency
  into ranges, sealed, last_owner, last_currency
  from (
    select user_id, currency
    from reached_wallets
    where sealed_until = version
    union all
    select after_owner, after_currency
    where exists (select from reached_wallets)
  ) as finished_wallets
  order by user_id desc, currency desc
  limit 1;
  sealed := coalesce(sealed, 0);

  if ranges > 0 then
    insert into finance.seals (number, previous_hash, hash, range_count)
    values (next_number, previous, finance.seal_hash(next_number, previous), ranges)
    on conflict (number) do nothing;
    if not found then
      raise exception 'another session sealed entries just now'
        using errcode = 'serialization_failure';
    end if;
  end if;
end
$$;

comment on function finance.seal_entries(uuid, text, integer, integer, integer)
is 'Seals new entries of the next wallets';
