create or replace function finance.place_hold(
  owner uuid, of_currency text, request_key text, hash bytea, set_aside bigint, until timestamptz,
  about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- A hold is placed, captured and released by transactions, whose keys make each of them happen
-- once; like postings, they lock wallets first, in the order of keys, and then the hold.
declare
  wallet finance.wallets;
  posted finance.transactions;
  failed_with finance.failure_code;
  facts jsonb := finance.failure_facts(owner, of_currency);
  at timestamptz;
begin
  select * into wallet
  from finance.wallets
  where user_id = owner and currency = of_currency
  for no key update;
  at := finance.ledger_time(clock_timestamp());
  if wallet.posted - wallet.held < set_aside and wallet.hold_expires_at <= at then
    perform finance.expire_due_holds(owner, of_currency, at);
    select * into wallet from finance.wallets where user_id = owner and currency = of_currency;
  end if;

  -- What can never be done first: a wallet can be opened and filled, but a time that is over is.
  if until <= at then
    failed_with := 'HOLD_EXPIRED';
  elsif wallet.user_id is null then
    failed_with := finance.missing_wallet(of_currency);
  elsif wallet.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
  elsif wallet.posted - wallet.held < set_aside then
    failed_with := 'INSUFFICIENT_FUNDS';
    facts := finance.failure_facts(owner, of_currency, wallet.posted - wallet.held, set_aside);
  end if;

  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    failure_code, failure_facts, occurred_at, recorded_at
  )
  values (
    owner, 'HOLD',
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    of_currency, set_aside, about, extra, request_key, hash,
    failed_with, case when failed_with is not null then facts end, at, at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions where user_id = owner and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    insert into finance.holds (user_id, id, currency, amount, reason, created_at, expires_at)
    values (owner, posted.id, of_currency, set_aside, about, at, until);
  end if;
  return next posted;
end
$$;

comment on function finance.place_hold(uuid, text, text, bytea, bigint, timestamptz, text, jsonb)
is 'Sets money of a wallet aside, or records why not';
