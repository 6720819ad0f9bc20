-- Entries are recorded and holds end by the server's clock, whoever writes. Before, one posting recorded in the
-- future took all later ones of its wallets, and of all they dealt with, there too, and a posting ended holds by that
-- time. Replacing functions locks nothing. What is recorded ahead of the clock already stays so: its wallets
-- go on at that time, and auditLedger names them.

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
    max(last_at) as newest_at,
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

  -- Times follow versions, so an entry ahead of the clock takes all later ones of its wallets ahead, and those of
  -- whoever deals with them. A writer's own clock may be 5 seconds fast. After the server's clock was set back, its
  -- wallets are ahead of it: there a posting takes the time that one of them has, which moves none further ahead,
  -- until the clock has caught up.
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
  -- Rounded up like the times of the functions, which may be a moment ahead of the clock.
  if new.status = 'EXPIRED' and new.expires_at > finance.ledger_time(clock_timestamp()) then
    raise exception 'hold % is not due before %', new.id, new.expires_at
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_expired_by_clock_check';
  end if;

  -- Locked in a statement of its own, so that the next one begins after the lock is held: an update that waits
  -- itself finds the earliest end among the holds that there were before it waited.
  perform
  from finance.wallets
  where user_id = new.user_id and currency = new.currency
  for no key update;
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
-- One transfer of one currency between two wallets. Two requests with one key cannot both write: the
-- second waits for the first, inserts nothing, and answers with what the first wrote. The caller
-- compares the hashes.
create or replace function finance.post_transfer(
  initiator uuid, request_key text, hash bytea, of_type finance.transaction_type,
  payer uuid, payee uuid, of_currency text, moved bigint,
  happened_at timestamptz, about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
declare
  largest constant bigint := 9223372036854775807;
  source finance.wallets;
  target finance.wallets;
  posted finance.transactions;
  failed_with finance.failure_code;
  facts jsonb;
  at timestamptz;
begin
  if payer < payee then
    select * into source from finance.wallets where user_id = payer and currency = of_currency for no key update;
    select * into target from finance.wallets where user_id = payee and currency = of_currency for no key update;
  else
    select * into target from finance.wallets where user_id = payee and currency = of_currency for no key update;
    select * into source from finance.wallets where user_id = payer and currency = of_currency for no key update;
  end if;
  at := finance.ledger_time(greatest(clock_timestamp(), source.posted_at, target.posted_at));

  if source.posted - source.held < moved - source.credit_limit and source.hold_expires_at <= clock_timestamp() then
    perform finance.expire_due_holds(payer, of_currency, clock_timestamp());
    select * into source from finance.wallets where user_id = payer and currency = of_currency;
  end if;

  if source.user_id is null or target.user_id is null then
    failed_with := finance.missing_wallet(of_currency);
    facts := finance.failure_facts(case when source.user_id is null then payer else payee end, of_currency);
  elsif source.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
    facts := finance.failure_facts(payer, of_currency);
  elsif target.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
    facts := finance.failure_facts(payee, of_currency);
  elsif source.posted - source.held < moved - source.credit_limit then
    failed_with := 'INSUFFICIENT_FUNDS';
    facts := finance.failure_facts(
      payer, of_currency, source.posted::numeric - source.held + source.credit_limit, moved
    );
  elsif target.posted > largest - moved then
    failed_with := 'BALANCE_LIMIT';
    facts := finance.failure_facts(payee, of_currency, largest::numeric - target.posted, moved);
  end if;

  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    failure_code, failure_facts, occurred_at, recorded_at
  )
  values (
    initiator, of_type,
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    of_currency, moved, about, extra, request_key, hash,
    failed_with, facts, coalesce(happened_at, at), at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions
      where user_id = initiator and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    insert into finance.entries (
      user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
      recorded_at, occurred_at
    )
    values
      (payer, of_currency, source.version + 1, initiator, posted.id, -moved, source.posted - moved,
        at, nullif(happened_at, at)),
      (payee, of_currency, target.version + 1, initiator, posted.id, moved, target.posted + moved,
        at, nullif(happened_at, at));
  end if;
  return next posted;
end
$$;
--> statement-breakpoint
-- Transfers as if posted one by one in their order. All wallets are locked first, in the order of
-- their keys over the whole batch; then each transfer is decided on the balances that those before
-- it left, in memory; then each table gets one insert. Of 1,000 transfers, deciding takes a tenth of
-- the time. A transfer whose key is known, or repeats one of the batch, answers with what was
-- written under it.
create or replace function finance.post_transfers(
  initiators uuid[], request_keys text[], hashes bytea[], types finance.transaction_type[],
  payers uuid[], payees uuid[], currencies text[], amounts bigint[],
  happened timestamptz[], abouts text[], extras jsonb[], is_atomic boolean
) returns setof finance.transactions
language plpgsql
as $$
declare
  largest constant bigint := 9223372036854775807;
  size constant integer := cardinality(amounts);
  at timestamptz;
  -- Of the wallets that move: others have no say in when.
  newest timestamptz;
  is_due boolean;
  -- Of the locked wallets, by place.
  owner_of uuid[];
  code_of text[];
  posted_of bigint[];
  held_of bigint[];
  credit_of bigint[];
  version_of bigint[];
  posted_at_of timestamptz[];
  open_of boolean[];
  -- Of the transfers, by position.
  source_places integer[];
  target_places integer[];
  firsts integer[];
  ids uuid[];
  blocked boolean[];
  is_new boolean[] := array_fill(false, array[size]);
  failures finance.failure_code[] := array_fill(null::finance.failure_code, array[size]);
  facts jsonb[] := array_fill(null::jsonb, array[size]);
  source_versions bigint[] := array_fill(null::bigint, array[size]);
  source_balances bigint[] := array_fill(null::bigint, array[size]);
  target_versions bigint[] := array_fill(null::bigint, array[size]);
  target_balances bigint[] := array_fill(null::bigint, array[size]);
  s integer;
  t integer;
  moved bigint;
  failed_with finance.failure_code;
  any_rejected boolean := false;
  new_count integer := 0;
  inserted integer;
begin
  perform
  from finance.wallets
  where (user_id, currency) in (
    select unnest(payers), unnest(currencies)
    union
    select unnest(payees), unnest(currencies)
  )
  order by user_id, currency
  for no key update;

  -- Twice at most: once more after due holds were ended. What a wallet says about its holds is a hint.
  for pass in 1..2 loop
    select
      array_agg(user_id order by user_id, currency), array_agg(currency order by user_id, currency),
      array_agg(posted order by user_id, currency), array_agg(held order by user_id, currency),
      array_agg(credit_limit order by user_id, currency), array_agg(version order by user_id, currency),
      array_agg(posted_at order by user_id, currency), array_agg(status = 'OPEN' order by user_id, currency),
      bool_or(hold_expires_at <= clock_timestamp())
    into owner_of, code_of, posted_of, held_of, credit_of, version_of, posted_at_of, open_of, is_due
    from finance.wallets
    where (user_id, currency) in (
      select unnest(payers), unnest(currencies)
      union
      select unnest(payees), unnest(currencies)
    );
    exit when pass = 2 or is_due is not true;
    perform finance.expire_due_holds(owner, code, clock_timestamp())
    from unnest(owner_of, code_of) as due (owner, code);
  end loop;

  select
    array_agg(source.place order by n), array_agg(target.place order by n),
    array_agg(first_n order by n), array_agg(known.id order by n),
    array_agg(
      coalesce(known.request_hash <> hash or known.status <> 'COMPLETED', first_hash <> hash)
      order by n
    )
  into source_places, target_places, firsts, ids, blocked
  from (
    select
      *,
      first_value(n) over same_key as first_n,
      first_value(hash) over same_key as first_hash
    from unnest(initiators, request_keys, hashes, payers, payees, currencies)
      with ordinality as given (initiator, request_key, hash, payer, payee, code, n)
    window same_key as (partition by initiator, request_key order by n)
  ) as items
  -- Series with subscripts, because the planner knows how many rows they give. With unnest it compared every
  -- transfer with every wallet in the first batches of a connection: 490 ms for 1,000 transfers, not 160.
  left join (
    select owner_of[n] as owner, code_of[n] as code, n as place
    from generate_series(1, cardinality(owner_of)) as n
  ) as source on source.owner = payer and source.code = items.code
  left join (
    select owner_of[n] as owner, code_of[n] as code, n as place
    from generate_series(1, cardinality(owner_of)) as n
  ) as target on target.owner = payee and target.code = items.code
  -- By key, one look-up each: as a plain join the planner may read all transactions instead.
  left join lateral (
    select id, request_hash, status
    from finance.transactions
    where transactions.idempotency_key = items.request_key
      and transactions.user_id = items.initiator
    limit 1
  ) as known on true;

  for i in 1..size loop
    any_rejected := any_rejected or blocked[i];
    if ids[i] is not null then
      continue;
    end if;
    if firsts[i] < i then
      ids[i] := ids[firsts[i]];
      continue;
    end if;
    s := source_places[i];
    t := target_places[i];
    moved := amounts[i];
    failed_with := null;
    if s is null or t is null then
      failed_with := finance.missing_wallet(currencies[i]);
      facts[i] := finance.failure_facts(case when s is null then payers[i] else payees[i] end, currencies[i]);
    elsif not open_of[s] then
      failed_with := 'WALLET_CLOSED';
      facts[i] := finance.failure_facts(payers[i], currencies[i]);
    elsif not open_of[t] then
      failed_with := 'WALLET_CLOSED';
      facts[i] := finance.failure_facts(payees[i], currencies[i]);
    elsif posted_of[s] - held_of[s] < moved - credit_of[s] then
      failed_with := 'INSUFFICIENT_FUNDS';
      facts[i] := finance.failure_facts(
        payers[i], currencies[i], posted_of[s]::numeric - held_of[s] + credit_of[s], moved
      );
    elsif posted_of[t] > largest - moved then
      failed_with := 'BALANCE_LIMIT';
      facts[i] := finance.failure_facts(payees[i], currencies[i], largest::numeric - posted_of[t], moved);
    else
      posted_of[s] := posted_of[s] - moved;
      posted_of[t] := posted_of[t] + moved;
      version_of[s] := version_of[s] + 1;
      version_of[t] := version_of[t] + 1;
      source_versions[i] := version_of[s];
      source_balances[i] := posted_of[s];
      target_versions[i] := version_of[t];
      target_balances[i] := posted_of[t];
      newest := greatest(newest, posted_at_of[s], posted_at_of[t]);
    end if;
    ids[i] := uuidv7();
    is_new[i] := true;
    failures[i] := failed_with;
    any_rejected := any_rejected or failed_with is not null;
    new_count := new_count + 1;
  end loop;

  if is_atomic and any_rejected then
    for i in 1..size loop
      if is_new[i] and failures[i] is null then
        failures[i] := 'BATCH_REJECTED';
        facts[i] := '{}';
      end if;
    end loop;
  end if;

  at := finance.ledger_time(greatest(clock_timestamp(), newest));

  -- In the order of the keys, so that two batches that share keys cannot wait for each other.
  insert into finance.transactions (
    id, user_id, type, status, currency, amount, description, metadata, idempotency_key,
    request_hash, failure_code, failure_facts, occurred_at, recorded_at
  )
  select
    id, initiator, type,
    case when failure is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    code, amount, about, extra, request_key, hash, failure, fact, coalesce(happened_at, at), at
  from unnest(
    ids, initiators, types, currencies, amounts, abouts, extras, request_keys, hashes, failures,
    facts, happened, is_new
  ) as item (
    id, initiator, type, code, amount, about, extra, request_key, hash, failure, fact, happened_at, is_new
  )
  where item.is_new
  order by request_key, initiator
  on conflict (user_id, idempotency_key) do nothing;
  get diagnostics inserted = row_count;
  if inserted < new_count then
    raise exception 'another session used a key of this batch just now'
      using errcode = 'serialization_failure';
  end if;

  insert into finance.entries (
    user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
    recorded_at, occurred_at
  )
  select owner, code, version, initiator, id, leg, balance, at, nullif(happened_at, at)
  from unnest(
    ids, initiators, currencies, happened, payers, payees, amounts, failures, is_new,
    source_versions, source_balances, target_versions, target_balances
  ) as item (
    id, initiator, code, happened_at, payer, payee, amount, failure, is_new,
    source_version, source_balance, target_version, target_balance
  )
  cross join lateral (
    values (payer, source_version, -amount, source_balance), (payee, target_version, amount, target_balance)
  ) as legs (owner, version, leg, balance)
  where item.is_new
    and failure is null;

  return query
    select recorded.*
    from unnest(ids, initiators) with ordinality as item (id, initiator, n)
    cross join lateral (
      select *
      from finance.transactions
      where transactions.user_id = item.initiator
        and transactions.id = item.id
      limit 1
    ) as recorded
    order by n;
end
$$;
--> statement-breakpoint
-- A transaction of several legs, each in another wallet: exchanges and reversals. `decided` is a
-- refusal that the caller found already, to be stored as the outcome.
create or replace function finance.post_legs(
  initiator uuid, request_key text, hash bytea, of_type finance.transaction_type,
  of_currency text, total bigint, owners uuid[], codes text[], amounts bigint[],
  happened_at timestamptz, about text, extra jsonb, reversed uuid, numerator bigint,
  denominator bigint, decided finance.failure_code, decided_facts jsonb
) returns setof finance.transactions
language plpgsql
as $$
declare
  largest constant bigint := 9223372036854775807;
  size constant integer := coalesce(cardinality(amounts), 0);
  leg record;
  found_wallet finance.wallets;
  wallets finance.wallets[] := array_fill(null::finance.wallets, array[size]);
  posted finance.transactions;
  failed_with finance.failure_code := decided;
  facts jsonb := decided_facts;
  at timestamptz;
begin
  for leg in
    select owner, code, n
    from unnest(owners, codes) with ordinality as given (owner, code, n)
    order by owner, code
  loop
    select * into found_wallet
    from finance.wallets
    where user_id = leg.owner and currency = leg.code
    for no key update;
    wallets[leg.n] := found_wallet;
  end loop;
  at := finance.ledger_time(
    greatest(clock_timestamp(), (select max((w).posted_at) from unnest(wallets) as w))
  );

  for i in 1..size loop
    exit when failed_with is not null;
    if (wallets[i]).user_id is null then
      failed_with := finance.missing_wallet(codes[i]);
      facts := finance.failure_facts(owners[i], codes[i]);
    elsif (wallets[i]).status = 'CLOSED' then
      failed_with := 'WALLET_CLOSED';
      facts := finance.failure_facts(owners[i], codes[i]);
    end if;
  end loop;
  for i in 1..size loop
    exit when failed_with is not null;
    found_wallet := wallets[i];
    if amounts[i] < 0 and found_wallet.posted - found_wallet.held < -amounts[i] - found_wallet.credit_limit
      and found_wallet.hold_expires_at <= clock_timestamp()
    then
      perform finance.expire_due_holds(owners[i], codes[i], clock_timestamp());
      select * into found_wallet from finance.wallets where user_id = owners[i] and currency = codes[i];
    end if;
    if amounts[i] < 0 and found_wallet.posted - found_wallet.held < -amounts[i] - found_wallet.credit_limit then
      failed_with := 'INSUFFICIENT_FUNDS';
      facts := finance.failure_facts(
        owners[i], codes[i],
        found_wallet.posted::numeric - found_wallet.held + found_wallet.credit_limit, -amounts[i]
      );
    elsif amounts[i] > 0 and found_wallet.posted > largest - amounts[i] then
      failed_with := 'BALANCE_LIMIT';
      facts := finance.failure_facts(owners[i], codes[i], largest::numeric - found_wallet.posted, amounts[i]);
    end if;
  end loop;
  -- Asked again under the locks of the wallets, which every reversal of the same transaction takes.
  if failed_with is null and reversed is not null and exists (
    select
    from finance.transactions
    where user_id = initiator
      and reverses_id = reversed
      and status = 'COMPLETED'
      and idempotency_key <> request_key
  ) then
    failed_with := 'ALREADY_REVERSED';
    facts := '{}';
  end if;

  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    reverses_id, rate_numerator, rate_denominator, failure_code, failure_facts, occurred_at, recorded_at
  )
  values (
    initiator, of_type,
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    of_currency, total, about, extra, request_key, hash, reversed, numerator, denominator,
    failed_with, facts, coalesce(happened_at, at), at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions
      where user_id = initiator and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    insert into finance.entries (
      user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
      recorded_at, occurred_at
    )
    select
      owner, code, (wallets[n]).version + 1, initiator, posted.id, amount,
      (wallets[n]).posted + amount, at, nullif(happened_at, at)
    from unnest(owners, codes, amounts) with ordinality as given (owner, code, amount, n);
  end if;
  return next posted;
end
$$;
--> statement-breakpoint
-- Captures a hold for `payee`, or releases it when there is none. No row is returned for a hold that
-- does not exist. `captured` null captures all of it; what is not captured is free again.
create or replace function finance.resolve_hold(
  owner uuid, hold_id uuid, request_key text, hash bytea, payee uuid, captured bigint,
  happened_at timestamptz, about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
declare
  hold finance.holds;
  source finance.wallets;
  target finance.wallets;
  posted finance.transactions;
  failed_with finance.failure_code;
  facts jsonb;
  amount bigint;
  at timestamptz;
begin
  select * into hold from finance.holds where user_id = owner and id = hold_id;
  if not found then
    return;
  end if;
  if payee < owner then
    select * into target from finance.wallets where user_id = payee and currency = hold.currency for no key update;
  end if;
  select * into source from finance.wallets where user_id = owner and currency = hold.currency for no key update;
  if payee > owner then
    select * into target from finance.wallets where user_id = payee and currency = hold.currency for no key update;
  end if;
  at := finance.ledger_time(greatest(clock_timestamp(), source.posted_at, target.posted_at));
  if source.hold_expires_at <= clock_timestamp() then
    perform finance.expire_due_holds(owner, hold.currency, clock_timestamp());
  end if;
  select * into hold from finance.holds where user_id = owner and id = hold_id for no key update;
  amount := case when payee is null then hold.amount else coalesce(captured, hold.amount) end;

  if hold.status = 'EXPIRED' then
    failed_with := 'HOLD_EXPIRED';
    facts := finance.failure_facts(owner, hold.currency);
  elsif hold.status <> 'PENDING' then
    failed_with := 'HOLD_RESOLVED';
    facts := finance.failure_facts(owner, hold.currency);
  elsif amount > hold.amount then
    failed_with := 'HOLD_EXCEEDED';
    facts := finance.failure_facts(owner, hold.currency, hold.amount, amount);
  elsif payee is not null and target.user_id is null then
    failed_with := 'WALLET_NOT_FOUND';
    facts := finance.failure_facts(payee, hold.currency);
  elsif payee is not null and target.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
    facts := finance.failure_facts(payee, hold.currency);
  elsif payee is not null and target.posted > 9223372036854775807 - amount then
    failed_with := 'BALANCE_LIMIT';
    facts := finance.failure_facts(payee, hold.currency, 9223372036854775807::numeric - target.posted, amount);
  end if;

  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    failure_code, failure_facts, occurred_at, recorded_at
  )
  values (
    owner, case when payee is null then 'RELEASE' else 'CAPTURE' end::finance.transaction_type,
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    hold.currency, amount, about, extra, request_key, hash,
    failed_with, facts, coalesce(happened_at, at), at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions where user_id = owner and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    update finance.holds
    set
      status = case when payee is null then 'RELEASED' else 'CAPTURED' end::finance.hold_status,
      captured = case when payee is null then 0 else posted.amount end,
      resolution_id = posted.id, resolved_at = greatest(at, created_at)
    where user_id = owner and id = hold_id;
  end if;
  if failed_with is null and payee is not null then
    insert into finance.entries (
      user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
      recorded_at, occurred_at
    )
    values
      (owner, hold.currency, source.version + 1, owner, posted.id, -posted.amount,
        source.posted - posted.amount, at, nullif(happened_at, at)),
      (payee, hold.currency, target.version + 1, owner, posted.id, posted.amount,
        target.posted + posted.amount, at, nullif(happened_at, at));
  end if;
  return next posted;
end
$$;
