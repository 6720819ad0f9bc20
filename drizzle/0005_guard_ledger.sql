-- What makes the ledger a ledger, whoever writes: the entries of a transaction are what it says, chain
-- and never change; wallets move only with their entries and holds; a hold is resolved once. `push` applies this file to a
-- database that may have it already, so every statement may run again. Creating a trigger takes
-- SHARE ROW EXCLUSIVE on its table for a moment; stop writers of money before a change here.

-- Every posting updates its wallets, so their pages keep room for a new version of each row (HOT).
alter table finance.wallets set (fillfactor = 60);
--> statement-breakpoint
comment on table finance.occurrence_sums is 'How a wallet''s balance by occurred time differs from that by recorded time, summed over one stretch of time';
--> statement-breakpoint
create or replace trigger entries_append_only
before update or delete or truncate on finance.entries
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger transactions_no_truncate
before truncate on finance.transactions
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger transactions_append_only
before delete on finance.transactions
for each row execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger transactions_final
before update on finance.transactions
for each row when (old.status in ('COMPLETED', 'FAILED', 'CANCELLED'))
execute function platform.forbid_change();
--> statement-breakpoint
-- A completed transaction has what it is about. Asked at COMMIT, because the transaction is written
-- first: one look by an index for each, and none for a failed one.
create or replace function finance.check_completed_transaction() returns trigger
language plpgsql
as $$
declare
  broken text;
begin
  -- Nested, because an expression with a subquery costs as much when an `and` before it spares the look.
  if new.type not in ('HOLD', 'RELEASE') then
    if not exists (
      select from finance.entries where transaction_user_id = new.user_id and transaction_id = new.id
    ) then
      broken := 'transactions_completed_has_entries_check';
    end if;
  end if;
  if new.type = 'HOLD' then
    if not exists (select from finance.holds where user_id = new.user_id and id = new.id) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  elsif new.type in ('CAPTURE', 'RELEASE') then
    if not exists (
      select from finance.holds where user_id = new.user_id and resolution_id = new.id
    ) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  end if;
  if broken is not null then
    raise exception 'completed transaction % (%) has nothing that it is about', new.id, new.type
      using errcode = 'check_violation', schema = 'finance', table = 'transactions', constraint = broken;
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function finance.check_completed_transaction() is 'Refuses a completed transaction without its entries or its hold';
--> statement-breakpoint
-- A constraint trigger cannot be replaced, only made once.
do $$
begin
  if not exists (
    select from pg_trigger
    where tgrelid = 'finance.transactions'::regclass and tgname = 'transactions_completed_whole'
  ) then
    create constraint trigger transactions_completed_whole
    after insert or update of status on finance.transactions
    deferrable initially deferred
    for each row when (new.status = 'COMPLETED')
    execute function finance.check_completed_transaction();
  end if;
end
$$;
--> statement-breakpoint
create or replace trigger holds_no_truncate
before truncate on finance.holds
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger holds_append_only
before delete on finance.holds
for each row execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger holds_resolved_once
before update on finance.holds
for each row when (
  old.status <> 'PENDING'
  or (old.user_id, old.id, old.currency, old.amount, old.expires_at)
    is distinct from (new.user_id, new.id, new.currency, new.amount, new.expires_at)
)
execute function platform.forbid_change();
--> statement-breakpoint
-- A statement of its own runs at trigger depth 0; the updates of the triggers below run deeper. So
-- this costs nothing on the way of a posting, and row triggers, which would make every update of a
-- wallet compute its generated columns again, are not needed.
create or replace trigger wallets_moved_by_ledger
before update of user_id, currency, kind, posted, held, credit_limit, version, posted_at, hold_expires_at
on finance.wallets
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();
--> statement-breakpoint
-- What an opened wallet keeps for good. Checks would ask it again at each posting.
create or replace function finance.check_new_wallet() returns trigger
language plpgsql
as $$
declare
  broken text;
begin
  broken := case
    when new.posted <> 0 or new.held <> 0 or new.version <> 0 or new.posted_at is not null
      or new.hold_expires_at is not null then 'wallets_open_empty_check'
    when new.credit_limit < 0 then 'wallets_credit_limit_not_negative_check'
    when new.kind = 'USER' and new.credit_limit > 0 then 'wallets_user_has_no_credit_check'
    when not case new.kind
      when 'MINT' then new.user_id = '00000000-0000-0000-0000-000000000001'
      when 'EXTERNAL' then new.user_id = '00000000-0000-0000-0000-000000000002'
      when 'LIQUIDITY' then new.user_id = '00000000-0000-0000-0000-000000000003'
      when 'FEES' then new.user_id = '00000000-0000-0000-0000-000000000004'
      else new.user_id >= '00000000-0000-0000-0000-000000000100'
    end then 'wallets_owner_of_kind_check'
    -- Only the trigger on currencies opens system wallets, which runs this at depth 2.
    when new.kind <> 'USER' and pg_trigger_depth() < 2 then 'wallets_system_by_currency_check'
  end;
  if broken is not null then
    raise exception 'wallet % % cannot be opened so', new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'wallets', constraint = broken;
  end if;
  return new;
end
$$;
--> statement-breakpoint
comment on function finance.check_new_wallet() is 'Refuses a wallet that is not empty, or whose owner and kind do not fit';
--> statement-breakpoint
create or replace trigger wallets_open_sound
before insert on finance.wallets
for each row execute function finance.check_new_wallet();
--> statement-breakpoint
create or replace trigger wallets_no_truncate
before truncate on finance.wallets
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger wallets_system_stay
before delete on finance.wallets
for each row when (old.kind <> 'USER')
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger occurrence_sums_moved_by_ledger
before insert or update or delete or truncate on finance.occurrence_sums
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();
--> statement-breakpoint
-- Amounts are counted in minor units, so another scale would change what everybody has.
create or replace trigger currencies_final
before update of code, scale on finance.currencies
for each row when ((old.code, old.scale) is distinct from (new.code, new.scale))
execute function platform.forbid_change();
--> statement-breakpoint
-- Below what is issued it cannot go either: that is wallets_available_check of MINT.
create or replace function finance.check_supply_limit() returns trigger
language plpgsql
as $$
begin
  raise exception 'the supply limit of % can only be lowered', old.code
    using errcode = 'check_violation', schema = 'finance', table = 'currencies',
      constraint = 'currencies_supply_limit_lowered_check';
end
$$;
--> statement-breakpoint
comment on function finance.check_supply_limit() is 'Refuses a supply limit that is raised or taken away';
--> statement-breakpoint
create or replace trigger currencies_supply_limit_lowered
before update of supply_limit on finance.currencies
for each row when (old.supply_limit is not null and (new.supply_limit <= old.supply_limit) is not true)
execute function finance.check_supply_limit();
--> statement-breakpoint
create or replace function finance.follow_supply_limit() returns trigger
language plpgsql
as $$
begin
  update finance.wallets
  set credit_limit = coalesce(new.supply_limit, 0)
  where user_id = '00000000-0000-0000-0000-000000000001'
    and currency = new.code;
  return null;
end
$$;
--> statement-breakpoint
comment on function finance.follow_supply_limit() is 'Lets MINT owe what the currency''s supply allows';
--> statement-breakpoint
create or replace trigger currencies_follow_supply_limit
after update of supply_limit on finance.currencies
for each row when (old.supply_limit is distinct from new.supply_limit)
execute function finance.follow_supply_limit();
--> statement-breakpoint
create or replace function finance.refuse_entries(rule text, message text) returns void
language plpgsql
as $$
begin
  raise exception '%', message
    using errcode = 'check_violation', schema = 'finance', table = 'entries', constraint = rule;
end
$$;
--> statement-breakpoint
comment on function finance.refuse_entries(text, text) is 'Raises the error of a broken rule of the ledger';
--> statement-breakpoint
-- Only for statements with a transaction of several currencies, which are few: exchanges and their
-- reversals. Returns the rule that one of them breaks, and its id.
create or replace function finance.check_mixed_entries(owners uuid[], ids uuid[], codes text[], amounts bigint[])
returns text
language sql stable
as $$
  select min(broken || ' ' || id)
  from (
    select
      id,
      case
        when bool_or(total <> 0) then 'entries_balance_check'
        when not coalesce(bool_and(is_exchange), false) then 'entries_currency_check'
        when coalesce(sum(moved) filter (where code = currency), 0) <> max(amount) then 'entries_amount_check'
      end as broken
    from (
      select owner, id, code, sum(leg) as total, sum(greatest(leg, 0)) as moved
      from unnest(owners, ids, codes, amounts) as given (owner, id, code, leg)
      group by owner, id, code
    ) as legs
    left join lateral (
      select
        currency, amount,
        type = 'EXCHANGE' or exists (
          select
          from finance.transactions as reversed
          where reversed.user_id = posted.user_id
            and reversed.id = posted.reverses_id
            and reversed.type = 'EXCHANGE'
        ) as is_exchange
      from finance.transactions as posted
      where posted.user_id = legs.owner
        and posted.id = legs.id
      offset 0
    ) as posted on true
    group by owner, id
    having count(*) > 1
  ) as mixed
$$;
--> statement-breakpoint
comment on function finance.check_mixed_entries(uuid[], uuid[], text[], bigint[]) is 'Which rule the entries of an exchange break, if any';
--> statement-breakpoint
-- One statement inserts all entries of a transaction, so that this looks at them once and as a
-- whole; a deferred row trigger would ask the same once for each entry. Nothing else ever changes
-- what a wallet has posted.
--
-- Most statements are one transfer, with one entry for each wallet: those wallets move in a plain
-- update. Batches, and wallets with several entries, take the second one. Both ask that the entries
-- continue the wallet's version, balance and time, so a lost update is an error and never silent.
create or replace function finance.apply_entries() returns trigger
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  seen record;
  moved bigint := 0;
begin
  -- What a transaction says and how many entries it has are look-ups by key, one for each: the rows of
  -- this statement have no statistics, and as a plain join the planner may read all transactions.
  select
    coalesce(sum(legs.entry_count), 0) as entry_count,
    bool_or(is_displaced) as is_displaced,
    bool_or(is_mixed) as is_mixed,
    min(
      case
        when not is_mixed and total <> 0 then 'entries_balance_check '
        when posted.status is distinct from 'COMPLETED' then 'entries_of_completed_transaction_check '
        when posted.type in ('HOLD', 'RELEASE') then 'entries_of_moving_transaction_check '
        when kept.entry_count <> legs.entry_count then 'entries_of_one_statement_check '
        when is_mixed then null
        when legs.currency <> posted.currency then 'entries_currency_check '
        when legs.moved <> posted.amount then 'entries_amount_check '
      end || transaction_id
    ) as broken,
    min(
      case
        when first_at <> posted.recorded_at or last_at <> posted.recorded_at then 'entries_recorded_at_check '
        when first_occurred_at <> posted.occurred_at or last_occurred_at <> posted.occurred_at
          then 'entries_occurred_at_check '
      end || transaction_id
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
      bool_or(occurred_at is not null) as is_displaced
    from new_entries
    group by transaction_user_id, transaction_id
  ) as legs
  left join lateral (
    select status, type, currency, amount, recorded_at, occurred_at
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
        array_agg(transaction_user_id), array_agg(transaction_id), array_agg(currency), array_agg(amount)
      )
      from new_entries
    );
  end if;
  seen.broken := coalesce(seen.broken, seen.misdated);
  if seen.broken is not null then
    perform finance.refuse_entries(
      split_part(seen.broken, ' ', 1),
      format('entries of transaction %s are not what it says', split_part(seen.broken, ' ', 2))
    );
  end if;

  -- Most statements are one transfer, whose wallets move in a plain update.
  if seen.entry_count <= 8 then
    update finance.wallets
    set posted = posted_after, version = new_entries.version, posted_at = recorded_at, updated_at = recorded_at
    from new_entries
    where wallets.user_id = new_entries.user_id
      and wallets.currency = new_entries.currency
      and wallets.version = new_entries.version - 1
      and wallets.posted = posted_after::numeric - amount
      and status = 'OPEN'
      and (posted_at is null or posted_at <= recorded_at);
    get diagnostics moved = row_count;
  end if;

  -- One statement for all wallets, because each statement builds the table's checks again: 2,000 updates of one
  -- wallet each took 5 times as long. Planned once, as look-ups by key for any number of entries: planned anew
  -- each time, a batch of 32 took 0.6 ms more.
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
--> statement-breakpoint
comment on function finance.apply_entries() is 'Checks new entries as a whole and moves their wallets';
--> statement-breakpoint
create or replace trigger entries_apply
after insert on finance.entries
referencing new table as new_entries
for each statement execute function finance.apply_entries();
--> statement-breakpoint
-- What is held follows the holds themselves, one wallet row for each hold that opens or is resolved.
create or replace function finance.apply_hold() returns trigger
language plpgsql
as $$
declare
  is_sound boolean;
begin
  -- The transaction that a hold names has to be the one that did this to it.
  select
    case
      when status <> 'COMPLETED' or currency <> new.currency then false
      when tg_op = 'INSERT' then type = 'HOLD' and amount = new.amount
      when new.status = 'CAPTURED' then type = 'CAPTURE' and amount = new.captured
      else type = 'RELEASE' and amount = new.amount
    end
  into is_sound
  from finance.transactions
  where user_id = new.user_id
    and id = case when tg_op = 'INSERT' then new.id else new.resolution_id end;
  if is_sound is not true and (tg_op = 'INSERT' or new.status <> 'EXPIRED') then
    raise exception 'the transaction of hold % is not one that makes it %', new.id, new.status
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = case
          when tg_op = 'INSERT' then 'holds_placed_by_hold_check'
          when new.status = 'CAPTURED' then 'holds_captured_by_capture_check'
          else 'holds_released_by_release_check'
        end;
  end if;

  update finance.wallets
  set
    held = held + case when tg_op = 'INSERT' then new.amount else -old.amount end,
    hold_expires_at = (
      select min(expires_at)
      from finance.holds
      where user_id = new.user_id
        and currency = new.currency
        and status = 'PENDING'
    ),
    updated_at = clock_timestamp()
  where user_id = new.user_id
    and currency = new.currency
    and kind = 'USER'
    and status = 'OPEN';
  if not found then
    raise exception 'wallet % % cannot have holds', new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_in_open_user_wallet_check';
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function finance.apply_hold() is 'Moves what a wallet holds back when a hold opens or is resolved';
--> statement-breakpoint
create or replace trigger holds_open_pending
before insert on finance.holds
for each row when (new.status <> 'PENDING')
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger holds_apply_opened
after insert on finance.holds
for each row execute function finance.apply_hold();
--> statement-breakpoint
create or replace trigger holds_apply_resolved
after update on finance.holds
for each row when (old.status = 'PENDING' and new.status <> 'PENDING')
execute function finance.apply_hold();
