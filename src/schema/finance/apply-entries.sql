create or replace function finance.apply_entries() returns trigger
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
-- One statement inserts all entries of a transaction, so that this looks at them once and as a
-- whole; a deferred row trigger would ask the same once for each entry. Nothing else ever changes
-- what a wallet has posted.
--
-- Most statements are one transfer, with one entry for each wallet: those wallets move in a plain
-- update. Batches, and wallets with several entries, take the second one. Both ask that the entries
-- continue the wallet's version, balance and time, so a lost update is an error and never silent.
declare
  seen record;
  codes text[];
  owed_before numeric[];
  owed_after numeric[];
  moved bigint := 0;
begin
  -- What a transaction says and how many entries it has are look-ups by key, one for each: the rows
  -- of this statement have no statistics, and as a plain join the planner may read all
  -- transactions.
  select
    coalesce(sum(legs.entry_count), 0) as entry_count,
    bool_or(is_displaced) as is_displaced,
    bool_or(is_mixed) as is_mixed,
    bool_or(is_external) as is_external,
    bool_or(posted.reverses_id is not null or posted.type in ('REVERSAL', 'CAPTURE'))
      as is_referring,
    max(last_at) as newest_at,
    min(first_at) as oldest_at,
    min(
      case
        when not is_mixed and total <> 0 then 'entries_balance_check '
        when posted.status is distinct from 'COMPLETED'
          then 'entries_of_completed_transaction_check '
        when posted.type in ('HOLD', 'RELEASE') then 'entries_of_moving_transaction_check '
        when kept.entry_count <> legs.entry_count then 'entries_of_one_statement_check '
        when is_mixed then null
        when legs.currency <> posted.currency then 'entries_currency_check '
        when legs.moved <> posted.amount then 'entries_amount_check '
      end collate "C" || transaction_id
    ) as broken,
    min(
      case
        when first_at <> posted.recorded_at or last_at <> posted.recorded_at
          then 'entries_recorded_at_check '
        when first_occurred_at <> posted.occurred_at or last_occurred_at <> posted.occurred_at
          then 'entries_occurred_at_check '
      end collate "C" || transaction_id
    ) as misdated
  into seen
  from (
    select
      transaction_user_id,
      transaction_id,
      count(*) as entry_count,
      sum(amount) as total,
      sum(greatest(amount, 0)) as moved,
      min(currency) as currency,
      min(currency) <> max(currency) as is_mixed,
      min(recorded_at) as first_at,
      max(recorded_at) as last_at,
      min(coalesce(occurred_at, recorded_at)) as first_occurred_at,
      max(coalesce(occurred_at, recorded_at)) as last_occurred_at,
      bool_or(occurred_at is not null) as is_displaced,
      bool_or(user_id = finance.system_owner('EXTERNAL')) as is_external
    from new_entries
    group by transaction_user_id, transaction_id
  ) as legs
  left join lateral (
    select status, type, currency, amount, reverses_id, recorded_at, occurred_at
    from finance.transactions
    where transactions.user_id = legs.transaction_user_id
      and transactions.id = legs.transaction_id
    offset 0
  ) as posted on true
  cross join lateral (
    select count(*) as entry_count
    from finance.entries
    where entries.transaction_user_id = legs.transaction_user_id
      and entries.transaction_id = legs.transaction_id
    offset 0
  ) as kept;

  if seen.is_mixed and seen.broken is null then
    seen.broken := (
      select finance.check_mixed_entries(
        array_agg(transaction_user_id), array_agg(transaction_id),
        array_agg(currency), array_agg(amount)
      )
      from new_entries
    );
  end if;
  seen.broken := coalesce(seen.broken, seen.misdated);
  if seen.is_referring and seen.broken is null then
    seen.broken := (
      select min(
        finance.broken_reference(transaction_user_id, transaction_id) collate "C"
          || ' ' || transaction_id
      )
      from (select distinct transaction_user_id, transaction_id from new_entries) as posted
    );
  end if;
  if seen.broken is not null then
    perform finance.refuse_entries(
      split_part(seen.broken, ' ', 1),
      format('entries of transaction %s are not what it says', split_part(seen.broken, ' ', 2))
    );
  end if;

  -- Times follow versions, so an entry ahead of the clock takes all later ones of its wallets
  -- ahead, and those of whoever deals with them. A writer's own clock may be 5 seconds fast. After
  -- the server's clock was set back, its wallets are ahead of it: there a posting takes the time
  -- that one of them has, which moves none further ahead, until the clock has caught up.
  if seen.newest_at > clock_timestamp() + interval '5 seconds' then
    if not exists (
      select
      from new_entries
      join finance.wallets
        on wallets.user_id = new_entries.user_id and wallets.currency = new_entries.currency
      where finance.ledger_time(posted_at) >= seen.newest_at
    ) then
      perform finance.refuse_entries(
        'entries_recorded_by_clock_check',
        format('entries are recorded at %s, which is ahead of the clock', seen.newest_at)
      );
    end if;
  end if;

  -- MINT may owe more before the wallets move, and less only after: the batch that changes both is
  -- judged by where it ends.
  if seen.is_external then
    seen.is_external := exists (
      select
      from new_entries
      join finance.currencies on code = currency
      where user_id = finance.system_owner('EXTERNAL')
        and supply_limit is not null
    );
  end if;
  if seen.is_external then
    select array_agg(code), array_agg(before), array_agg(after)
    into codes, owed_before, owed_after
    from (
      select
        code,
        greatest(-(array_agg(posted_after::numeric - amount order by version))[1], 0) as before,
        greatest(-(array_agg(posted_after::numeric order by version desc))[1], 0) as after
      from new_entries
      join finance.currencies on code = new_entries.currency
      where user_id = finance.system_owner('EXTERNAL')
        and supply_limit is not null
      group by code
    ) as external;
    perform finance.lend_supply(codes, owed_before, owed_after, true);
  end if;

  -- Most statements are one transfer, whose wallets move in a plain update.
  if seen.entry_count <= 8 then
    update finance.wallets
    set posted = posted_after,
      version = new_entries.version,
      posted_at = recorded_at,
      updated_at = recorded_at
    from new_entries
    where wallets.user_id = new_entries.user_id
      and wallets.currency = new_entries.currency
      and wallets.version = new_entries.version - 1
      and wallets.posted = posted_after::numeric - amount
      and status = 'OPEN'
      and (posted_at is null or posted_at <= recorded_at);
    get diagnostics moved = row_count;
  end if;

  -- One statement for all wallets, because each statement builds the table's checks again: 2,000
  -- updates of one wallet each took 5 times as long. Planned once, as look-ups by key for any
  -- number of entries: planned anew each time, a batch of 32 took 0.6 ms more.
  if moved < seen.entry_count then
      with placed_entries as (
        select
          user_id, currency, version, recorded_at, posted_after, amount,
          sum(amount) over chain_so_far as running,
          coalesce(recorded_at >= lag(recorded_at) over chain_so_far, true) as is_in_order
        from new_entries
        where moved = 0 or not exists (
          select
          from finance.wallets
          where wallets.user_id = new_entries.user_id
            and wallets.currency = new_entries.currency
            and wallets.version >= new_entries.version
        )
        window chain_so_far as (partition by user_id, currency order by version)
      ), chains as (
        select
          user_id,
          currency,
          count(*) as entry_count,
          min(version) as first_version,
          max(version) as last_version,
          min(recorded_at) as first_at,
          max(recorded_at) as last_at,
          min(posted_after - running) as base,
          max(posted_after - running) as other_base,
          sum(amount) as total,
          bool_and(is_in_order) as is_in_order
        from placed_entries
        group by user_id, currency
      ), moved_wallets as (
        update finance.wallets
        set
          posted = (base + total)::bigint, version = last_version, posted_at = last_at,
          updated_at = last_at
        from chains
        where wallets.user_id = chains.user_id
          and wallets.currency = chains.currency
          and wallets.version = first_version - 1
          and wallets.posted = base
          and base = other_base
          and last_version - first_version = entry_count - 1
          and is_in_order
          and status = 'OPEN'
          and (posted_at is null or posted_at <= first_at)
        returning entry_count
      )
      select moved + coalesce(sum(moved_wallets.entry_count), 0) into moved from moved_wallets;
    if moved < seen.entry_count then
      perform finance.refuse_entries(
        'entries_chain_check',
        coalesce((
          select format('entries of wallet %s %s do not continue its chain', user_id, currency)
          from new_entries
          where not exists (
            select
            from finance.wallets
            where wallets.user_id = new_entries.user_id
              and wallets.currency = new_entries.currency
              and wallets.version >= new_entries.version
          )
          order by user_id, currency
          limit 1
        ), 'an entry repeats a version of its wallet')
      );
    end if;
  end if;

  -- After the chain, which says more of a time before that of the entry before.
  if seen.oldest_at < finance.earliest_recording() and not finance.may_import('finance.entries')
  then
    perform finance.refuse_entries(
      'entries_recorded_by_clock_check',
      format('entries are recorded at %s, before their transaction began', seen.oldest_at)
    );
  end if;

  if seen.is_external then
    perform finance.lend_supply(codes, owed_before, owed_after, false);
  end if;

  if seen.is_displaced then
    insert into finance.occurrence_sums (user_id, currency, level, stretch, amount)
    select user_id, currency, level, instant.micros >> (8 * level), sum(instant.amount)
    from new_entries
    cross join lateral (
      values
        ((extract(epoch from occurred_at) * 1000000)::bigint, amount),
        ((extract(epoch from recorded_at) * 1000000)::bigint, -amount)
    ) as instant (micros, amount)
    cross join generate_series(0, 6) as level
    where occurred_at is not null
    group by user_id, currency, level, instant.micros >> (8 * level)
    on conflict (user_id, currency, level, stretch)
    do update set amount = occurrence_sums.amount + excluded.amount;
  end if;
  return null;
end
$$;

comment on function finance.apply_entries()
is 'Checks new entries as a whole and moves their wallets';
