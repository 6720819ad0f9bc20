create or replace function finance.seal_entries(
  after_owner uuid, after_currency text, page integer, range_size integer,
  most integer default 10000, most_bytes bigint default 2000000,
  out last_owner uuid, out last_currency text, out sealed bigint
)
language plpgsql
as $$
-- Seals what is new in the next `page` wallets after the given key, at most `most` entries of them,
-- and says after which key to go on: a wallet that is not sealed to its end comes again. It ends
-- with the entry that brings what the transactions' texts take on disk above `most_bytes`. One
-- sealer at a time, because the seals are a chain; it locks no wallet. A caller whose snapshot is
-- older than another's seal gets a serialization failure.
--
-- On disk, because that is known without reading it: compressed text is up to 255 times as long.
declare
  next_number bigint;
  ranges integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('azora seals', 0));
  next_number := 1 + coalesce((select max(number) from finance.seals), 0);
  if exists (select from finance.sealed_ranges where seal_number >= next_number) then
    raise exception 'there are ranges of seal % before it', next_number
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_after_sound_check',
        hint = 'verifySeals names them, and docs/backup.md says how to remove them.';
  end if;
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
  ), counted_wallets as materialized (
    select
      user_id, currency, version, sealed_version,
      least(version, sealed_version + most - unsealed_before)::bigint as counted_until
    from (
      select *, sum(unsealed) over (order by user_id, currency) - unsealed as unsealed_before
      from wallets_of_page
    ) as wallets_with_before
    where unsealed_before < most
  ), weighed_entries as (
    select
      user_id, currency, place,
      coalesce(
        sum(weight) over (
          order by user_id, currency, place rows between unbounded preceding and 1 preceding
        ), 0
      ) as weight_before
    from counted_wallets
    cross join lateral generate_series(sealed_version + 1, counted_until) as place
    left join lateral (
      select
        pg_column_size(metadata) + coalesce(pg_column_size(description), 0)
        + pg_column_size(idempotency_key) as weight
      from finance.entries
      join finance.transactions
        on transactions.user_id = transaction_user_id and transactions.id = transaction_id
      where entries.user_id = counted_wallets.user_id
        and entries.currency = counted_wallets.currency
        and entries.version = place
      offset 0
    ) as weighed on true
  ), reached_wallets as materialized (
    select
      user_id, currency, version, sealed_version,
      coalesce(max(place), sealed_version) as sealed_until
    from counted_wallets
    left join (
      select user_id, currency, place
      from weighed_entries
      where weight_before < most_bytes
    ) as light_entries using (user_id, currency)
    group by user_id, currency, version, sealed_version
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
      user_id, currency, first_version, last_version, seal_number
    )
    select user_id, currency, first_version, last_version, next_number
    from unsealed_ranges
    order by user_id, currency, first_version
    on conflict do nothing
    returning last_version - first_version + 1 as entry_count
  )
  select
    (select count(*) from new_ranges), (select coalesce(sum(entry_count), 0) from new_ranges),
    user_id, currency
  into ranges, sealed, last_owner, last_currency
  from (
    -- Those before the first that is not sealed to its end.
    select user_id, currency
    from (
      select
        user_id, currency,
        bool_and(sealed_until >= version) over (order by user_id, currency) as is_finished
      from reached_wallets
    ) as wallets_so_far
    where is_finished
    union all
    select after_owner, after_currency
    where exists (select from reached_wallets)
  ) as finished_wallets
  order by user_id desc, currency desc
  limit 1;
  sealed := coalesce(sealed, 0);

  if ranges > 0 then
    insert into finance.seals (number)
    values (next_number)
    on conflict (number) do nothing;
    if not found then
      raise exception 'another session sealed entries just now'
        using errcode = 'serialization_failure';
    end if;
  end if;
end
$$;

comment on function finance.seal_entries(uuid, text, integer, integer, integer, bigint)
is 'Seals new entries of the next wallets';
