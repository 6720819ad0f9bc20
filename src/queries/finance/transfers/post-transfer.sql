create or replace function finance.post_transfer(
  initiator uuid, request_key text, hash bytea, of_type finance.transaction_type,
  payer uuid, payee uuid, of_currency text, moved bigint,
  happened_at timestamptz, about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- One transfer of one currency between two wallets. Two requests with one key cannot both write:
-- the second waits for the first, inserts nothing, and answers with what the first wrote. The
-- caller compares the hashes.
--
-- A posting is several statements that must share one round trip and one snapshot rule, so it is a
-- function, here as in post_transfers and post_legs: it locks its wallets in the order of their
-- keys, reads them in a statement that begins after the locks are held, decides, and writes the
-- outcome with the key of the request. It guards nothing: the triggers of the ledger do, for it and
-- for plain SQL.
declare
  largest constant bigint := 9223372036854775807;
  external constant uuid := finance.system_owner('EXTERNAL');
  room numeric;
  source finance.wallets;
  target finance.wallets;
  posted finance.transactions;
  failed_with finance.failure_code;
  facts jsonb;
  at timestamptz;
begin
  -- MINT first, whose id is less than any that the library gives to a user.
  if external in (payer, payee) then
    room := finance.lock_supply(of_currency);
  end if;
  if payer < payee then
    select * into source
    from finance.wallets
    where user_id = payer and currency = of_currency
    for no key update;
    select * into target
    from finance.wallets
    where user_id = payee and currency = of_currency
    for no key update;
  else
    select * into target
    from finance.wallets
    where user_id = payee and currency = of_currency
    for no key update;
    select * into source
    from finance.wallets
    where user_id = payer and currency = of_currency
    for no key update;
  end if;
  at := finance.ledger_time(greatest(clock_timestamp(), source.posted_at, target.posted_at));

  if source.posted - source.held < moved - source.credit_limit
    and source.hold_expires_at <= clock_timestamp()
  then
    perform finance.expire_due_holds(payer, of_currency, clock_timestamp());
    select * into source from finance.wallets where user_id = payer and currency = of_currency;
  end if;

  if payer = external and room is not null then
    source.credit_limit := least(source.credit_limit, greatest(-source.posted, 0) + room);
  end if;

  if source.user_id is null or target.user_id is null then
    failed_with := finance.missing_wallet(of_currency);
    facts := finance.failure_facts(
      case when source.user_id is null then payer else payee end, of_currency
    );
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

comment on function finance.post_transfer(
  uuid, text, bytea, finance.transaction_type, uuid, uuid, text, bigint, timestamptz, text, jsonb
) is 'Moves money between two wallets, or records why not; the same key answers the same';
