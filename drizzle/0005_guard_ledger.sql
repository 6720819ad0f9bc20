-- What makes the ledger a ledger, whoever writes: entries balance, chain and never change; wallets
-- move only with their entries and holds; a hold is resolved once. `push` applies this file to a
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
create or replace trigger occurrence_sums_moved_by_ledger
before insert or update or delete or truncate on finance.occurrence_sums
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();
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
-- One statement inserts all entries of a transaction, so that this looks at them once and as a
-- whole; a deferred row trigger would ask the same once for each entry. Nothing else ever changes
-- what a wallet has posted.
--
-- Most statements are one transfer, with one entry for each wallet: those wallets move in a plain
-- update. Batches, and wallets with several entries, take the second one. Both ask that the entries
-- continue the wallet's version, balance and time, so a lost update is an error and never silent.
create or replace function finance.apply_entries() returns trigger
language plpgsql
as $$
declare
  seen record;
  moved bigint := 0;
begin
  select
    coalesce(sum(entry_count), 0) as entry_count,
    bool_or(total <> 0) as is_unbalanced,
    bool_or(is_displaced) as is_displaced
  into seen
  from (
    select count(*) as entry_count, sum(amount) as total, bool_or(occurred_at is not null) as is_displaced
    from new_entries
    group by transaction_user_id, transaction_id, currency
  ) as transfers;

  if seen.is_unbalanced then
    perform finance.refuse_entries(
      'entries_balance_check',
      (select format('entries of transaction %s do not sum to zero in %s', transaction_id, currency)
      from new_entries
      group by transaction_user_id, transaction_id, currency
      having sum(amount) <> 0
      limit 1)
    );
  end if;

  -- A plan is made for the first number of entries it meets and kept; so only few may meet this one.
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

  -- Planned anew each time, for as many entries as there are. One statement for all wallets, because
  -- each statement builds the table's checks again: 2,000 updates of one wallet each took 5 times as long.
  if moved < seen.entry_count then
    execute $chains$
      with placed_entries as (
        select
          user_id, currency, version, recorded_at, posted_after, amount,
          sum(amount) over chain_so_far as running,
          coalesce(recorded_at >= lag(recorded_at) over chain_so_far, true) as is_in_order
        from new_entries
        where $1 = 0 or not exists (
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
      select $1 + coalesce(sum(entry_count), 0) from moved_wallets
    $chains$ into moved using moved;
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
begin
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
