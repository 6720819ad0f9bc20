create or replace function finance.post_transfers(
  initiators uuid[], request_keys text[], hashes bytea[], types finance.transaction_type[],
  payers uuid[], payees uuid[], currencies text[], amounts bigint[],
  happened timestamptz[], abouts text[], extras jsonb[], is_atomic boolean
) returns setof finance.transactions
language plpgsql
as $$
-- Transfers as if posted one by one in their order. All wallets are locked first, in the order of
-- their keys over the whole batch; then each transfer is decided on the balances that those before
-- it left, in memory; then each table gets one insert. Of 1,000 transfers, deciding takes a tenth
-- of the time. A transfer whose key is known, or repeats one of the batch, answers with what was
-- written under it.
declare
  largest constant bigint := 9223372036854775807;
  size constant integer := cardinality(amounts);
  external constant uuid := finance.system_owner('EXTERNAL');
  at timestamptz;
  -- The currencies with a supply limit that EXTERNAL moves: MINT has a say in those.
  issued text[];
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
  -- The credit of EXTERNAL by itself, and the place of the MINT that it shares a supply with.
  limit_of bigint[];
  mint_places integer[];
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
  m integer;
  moved bigint;
  failed_with finance.failure_code;
  any_rejected boolean := false;
  new_count integer := 0;
  inserted integer;
begin
  if external = any(payers) or external = any(payees) then
    select array_agg(distinct code) into issued
    from unnest(payers, payees, currencies) as moved (payer, payee, code)
    join finance.currencies using (code)
    where external in (payer, payee)
      and supply_limit is not null;
  end if;
  perform
  from finance.wallets
  where (user_id, currency) in (
    select unnest(payers), unnest(currencies)
    union
    select unnest(payees), unnest(currencies)
    union
    select finance.system_owner('MINT'), unnest(issued)
  )
  order by user_id, currency
  for no key update;

  -- Twice at most: once more after due holds were ended. What a wallet says about its holds is a
  -- hint.
  for pass in 1..2 loop
    select
      array_agg(user_id order by user_id, currency), array_agg(currency order by user_id, currency),
      array_agg(posted order by user_id, currency), array_agg(held order by user_id, currency),
      array_agg(credit_limit order by user_id, currency),
      array_agg(version order by user_id, currency),
      array_agg(posted_at order by user_id, currency),
      array_agg(status = 'OPEN' order by user_id, currency),
      bool_or(hold_expires_at <= clock_timestamp())
    into owner_of, code_of, posted_of, held_of, credit_of, version_of, posted_at_of, open_of, is_due
    from finance.wallets
    where (user_id, currency) in (
      select unnest(payers), unnest(currencies)
      union
      select unnest(payees), unnest(currencies)
      union
      select finance.system_owner('MINT'), unnest(issued)
    );
    exit when pass = 2 or is_due is not true;
    perform finance.expire_due_holds(owner, code, clock_timestamp())
    from unnest(owner_of, code_of) as due (owner, code);
  end loop;

  limit_of := credit_of;
  if issued is not null then
    select array_agg(mint order by n) into mint_places
    from generate_subscripts(owner_of, 1) as n
    left join generate_subscripts(owner_of, 1) as mint
      on owner_of[n] = external
        and owner_of[mint] = finance.system_owner('MINT')
        and code_of[mint] = code_of[n];
  end if;

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
  -- Series with subscripts, because the planner knows how many rows they give. With unnest it
  -- compared every transfer with every wallet in the first batches of a connection: 490 ms for
  -- 1,000 transfers, not 160.
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
    m := mint_places[s];
    if m is not null then
      credit_of[s] := least(
        limit_of[s], greatest(-posted_of[s], 0) + posted_of[m] - held_of[m] + credit_of[m]
      );
    end if;
    if s is null or t is null then
      failed_with := finance.missing_wallet(currencies[i]);
      facts[i] := finance.failure_facts(
        case when s is null then payers[i] else payees[i] end, currencies[i]
      );
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
      facts[i] := finance.failure_facts(
        payees[i], currencies[i], largest::numeric - posted_of[t], moved
      );
    else
      m := coalesce(m, mint_places[t]);
      if m is not null then
        credit_of[m] := credit_of[m] + case
          when m = mint_places[s]
            then greatest(-posted_of[s], 0) - greatest(moved - posted_of[s], 0)
          else greatest(-posted_of[t], 0) - greatest(-moved - posted_of[t], 0)
        end;
      end if;
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
    ids[i] := platform.new_id();
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
    id, initiator, type, code, amount, about, extra, request_key, hash, failure,
    fact, happened_at, is_new
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
    values
      (payer, source_version, -amount, source_balance),
      (payee, target_version, amount, target_balance)
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

comment on function finance.post_transfers(
  uuid[], text[], bytea[], finance.transaction_type[], uuid[], uuid[], text[], bigint[],
  timestamptz[], text[], jsonb[], boolean
) is 'Posts transfers as if one by one in their order, or all or none';
