-- The functions that set money aside. A hold is placed, captured and released by transactions, whose
-- keys make each of them happen once; like postings, they lock wallets first, in the order of keys,
-- and then the hold. Creating functions locks nothing.

create or replace function finance.place_hold(
  owner uuid, of_currency text, request_key text, hash bytea, set_aside bigint, until timestamptz,
  about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
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

  if wallet.user_id is null then
    failed_with := finance.missing_wallet(of_currency);
  elsif wallet.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
  elsif wallet.posted - wallet.held < set_aside then
    failed_with := 'INSUFFICIENT_FUNDS';
    facts := finance.failure_facts(owner, of_currency, wallet.posted - wallet.held, set_aside);
  elsif until <= at then
    failed_with := 'HOLD_EXPIRED';
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
--> statement-breakpoint
comment on function finance.place_hold(uuid, text, text, bytea, bigint, timestamptz, text, jsonb) is 'Sets money of a wallet aside, or records why not';
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
  at := finance.ledger_time(
    greatest(clock_timestamp(), source.posted_at, target.posted_at, hold.created_at)
  );
  if source.hold_expires_at <= at then
    perform finance.expire_due_holds(owner, hold.currency, at);
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
      resolution_id = posted.id, resolved_at = at
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
--> statement-breakpoint
comment on function finance.resolve_hold(uuid, uuid, text, bytea, uuid, bigint, timestamptz, text, jsonb) is 'Captures or releases a hold, once, or records why not';
--> statement-breakpoint
-- Sweeps due holds and returns how many it ended: the `oldest` longest due, and with them all others
-- that are due in the same wallets. Wallets are locked in the order of their keys, so that it never
-- meets a posting head-on.
create or replace function finance.expire_holds(oldest integer) returns integer
language plpgsql
as $$
declare
  at constant timestamptz := clock_timestamp();
  due record;
  expired integer := 0;
begin
  for due in
    with due_wallets as materialized (
      select user_id, currency
      from (
        select user_id, currency, expires_at
        from finance.holds
        where status = 'PENDING'
          and expires_at <= at
        order by expires_at, user_id, id
        limit oldest
      ) as longest_due
      group by user_id, currency
    )
    select user_id, currency
    from finance.wallets
    where (user_id, currency) in (select user_id, currency from due_wallets)
    order by user_id, currency
    for no key update
  loop
    expired := expired + finance.expire_due_holds(due.user_id, due.currency, at);
  end loop;
  return expired;
end
$$;
--> statement-breakpoint
comment on function finance.expire_holds(integer) is 'Ends the longest due holds, with all due ones of their wallets, and returns how many';
