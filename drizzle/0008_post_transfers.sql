-- The functions that post money. A posting is several statements that must share one round trip and
-- one snapshot rule, so it is a function: it locks its wallets in the order of their keys, reads them
-- in a statement that begins after the locks are held, decides, and writes the outcome with the key
-- of the request. They guard nothing: the triggers of the ledger do, for these and for plain SQL.
-- Creating functions locks nothing.

-- The ledger's own times are whole milliseconds, rounded up, because a JavaScript Date drops the rest:
-- what a caller is told must not be a moment before the entry. It never goes back behind `at`.
create or replace function finance.ledger_time(at timestamptz) returns timestamptz
language sql stable
as $$
  select date_trunc('milliseconds', at + interval '999 microseconds')
$$;
--> statement-breakpoint
comment on function finance.ledger_time(timestamptz) is 'The first whole millisecond at or after an instant';
--> statement-breakpoint
create or replace function finance.missing_wallet(of_currency text) returns finance.failure_code
language sql stable
as $$
  select case
    when exists (select from finance.currencies where code = of_currency)
      then 'WALLET_NOT_FOUND'::finance.failure_code
    else 'UNKNOWN_CURRENCY'
  end
$$;
--> statement-breakpoint
comment on function finance.missing_wallet(text) is 'Why there is no wallet in a currency';
--> statement-breakpoint
-- Ends the holds of one locked wallet that are due. A hold that is due holds nothing any more,
-- whether this or the sweeper ends it: each posting calls it before it refuses for lack of funds.
create or replace function finance.expire_due_holds(owner uuid, of_currency text, at timestamptz)
returns integer
language plpgsql
as $$
declare
  expired integer;
begin
  update finance.holds
  set status = 'EXPIRED', resolved_at = greatest(at, created_at)
  where user_id = owner
    and currency = of_currency
    and status = 'PENDING'
    and expires_at <= at;
  get diagnostics expired = row_count;
  return expired;
end
$$;
--> statement-breakpoint
comment on function finance.expire_due_holds(uuid, text, timestamptz) is 'Ends the due holds of one wallet';
--> statement-breakpoint
create or replace function finance.failure_facts(
  owner uuid, of_currency text, available numeric default null, requested numeric default null
) returns jsonb
language sql immutable
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'userId', owner, 'currency', of_currency, 'available', available::text, 'requested', requested::text
  ))
$$;
--> statement-breakpoint
comment on function finance.failure_facts(uuid, text, numeric, numeric) is 'What a failed request says about the wallet that refused';
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

  if source.posted - source.held < moved - source.credit_limit and source.hold_expires_at <= at then
    perform finance.expire_due_holds(payer, of_currency, at);
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
comment on function finance.post_transfer(uuid, text, bytea, finance.transaction_type, uuid, uuid, text, bigint, timestamptz, text, jsonb) is 'Moves money between two wallets, or records why not; the same key answers the same';
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
  newest timestamptz;
  is_due boolean;
  -- Of the locked wallets, by place.
  owner_of uuid[];
  code_of text[];
  posted_of bigint[];
  held_of bigint[];
  credit_of bigint[];
  version_of bigint[];
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
      array_agg(status = 'OPEN' order by user_id, currency),
      max(posted_at), bool_or(hold_expires_at <= clock_timestamp())
    into owner_of, code_of, posted_of, held_of, credit_of, version_of, open_of, newest, is_due
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
  at := finance.ledger_time(greatest(clock_timestamp(), newest));

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
comment on function finance.post_transfers(uuid[], text[], bytea[], finance.transaction_type[], uuid[], uuid[], text[], bigint[], timestamptz[], text[], jsonb[], boolean) is 'Posts transfers as if one by one in their order, or all or none';
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
      and found_wallet.hold_expires_at <= at
    then
      perform finance.expire_due_holds(owners[i], codes[i], at);
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
comment on function finance.post_legs(uuid, text, bytea, finance.transaction_type, text, bigint, uuid[], text[], bigint[], timestamptz, text, jsonb, uuid, bigint, bigint, finance.failure_code, jsonb) is 'Posts one transaction of several legs, or records why not';
