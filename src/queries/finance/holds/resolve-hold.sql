create or replace function finance.resolve_hold(
  owner uuid, hold_id uuid, request_key text, hash bytea, payee uuid, captured bigint,
  happened_at timestamptz, about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- Captures a hold for `payee`, or releases it when there is none. No row is returned for a hold
-- that does not exist. `captured` null captures all of it; what is not captured is free again.
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
    select * into target
    from finance.wallets
    where user_id = payee and currency = hold.currency
    for no key update;
  end if;
  select * into source
  from finance.wallets
  where user_id = owner and currency = hold.currency
  for no key update;
  if payee > owner then
    select * into target
    from finance.wallets
    where user_id = payee and currency = hold.currency
    for no key update;
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
    facts := finance.failure_facts(
      payee, hold.currency, 9223372036854775807::numeric - target.posted, amount
    );
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

comment on function finance.resolve_hold(
  uuid, uuid, text, bytea, uuid, bigint, timestamptz, text, jsonb
) is 'Captures or releases a hold, once, or records why not';
