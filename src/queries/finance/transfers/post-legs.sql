create or replace function finance.post_legs(
  initiator uuid, request_key text, hash bytea, of_type finance.transaction_type,
  of_currency text, total bigint, owners uuid[], codes text[], amounts bigint[],
  happened_at timestamptz, about text, extra jsonb, reversed uuid, numerator bigint,
  denominator bigint, decided finance.failure_code, decided_facts jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- A transaction of several legs, each in another wallet: exchanges and reversals. `decided` is a
-- refusal that the caller found already, to be stored as the outcome.
declare
  largest constant bigint := 9223372036854775807;
  external constant uuid := finance.system_owner('EXTERNAL');
  size constant integer := coalesce(cardinality(amounts), 0);
  room numeric;
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
    -- MINT first, whose id is less than any that the library gives to a user.
    room := case when leg.owner = external then finance.lock_supply(leg.code) end;
    select * into found_wallet
    from finance.wallets
    where user_id = leg.owner and currency = leg.code
    for no key update;
    if room is not null then
      found_wallet.credit_limit :=
        least(found_wallet.credit_limit, greatest(-found_wallet.posted, 0) + room);
    end if;
    wallets[leg.n] := found_wallet;
  end loop;
  at := finance.ledger_time(
    greatest(clock_timestamp(), (select max((w).posted_at) from unnest(wallets) as w))
  );

  -- What can never be done is refused before what may be possible later: funds come back, and a
  -- smaller part may be asked for. Under the locks of the wallets, which every reversal of the same
  -- transaction takes.
  if reversed is not null and failed_with is distinct from 'NOT_REVERSIBLE' and exists (
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
    if amounts[i] < 0
      and found_wallet.posted - found_wallet.held < -amounts[i] - found_wallet.credit_limit
      and found_wallet.hold_expires_at <= clock_timestamp()
    then
      perform finance.expire_due_holds(owners[i], codes[i], clock_timestamp());
      select * into found_wallet
      from finance.wallets
      where user_id = owners[i] and currency = codes[i];
    end if;
    if amounts[i] < 0
      and found_wallet.posted - found_wallet.held < -amounts[i] - found_wallet.credit_limit
    then
      failed_with := 'INSUFFICIENT_FUNDS';
      facts := finance.failure_facts(
        owners[i], codes[i],
        found_wallet.posted::numeric - found_wallet.held + found_wallet.credit_limit, -amounts[i]
      );
    elsif amounts[i] > 0 and found_wallet.posted > largest - amounts[i] then
      failed_with := 'BALANCE_LIMIT';
      facts := finance.failure_facts(
        owners[i], codes[i], largest::numeric - found_wallet.posted, amounts[i]
      );
    end if;
  end loop;
  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    reverses_id, rate_numerator, rate_denominator, failure_code, failure_facts,
    occurred_at, recorded_at
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

comment on function finance.post_legs(
  uuid, text, bytea, finance.transaction_type, text, bigint, uuid[], text[], bigint[],
  timestamptz, text, jsonb, uuid, bigint, bigint, finance.failure_code, jsonb
) is 'Posts one transaction of several legs, or records why not';
