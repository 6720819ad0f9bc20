create or replace function finance.lock_supply(of_currency text) returns numeric
language plpgsql
as $$
-- What may still be issued of a currency with a supply limit, which stays so until the transaction
-- is over: MINT's wallet is locked. Null for a currency without one, of which nothing is locked.
declare
  room numeric;
begin
  if exists (
    select from finance.currencies where code = of_currency and supply_limit is not null
  ) then
    select posted::numeric - held + credit_limit into room
    from finance.wallets
    where user_id = finance.system_owner('MINT') and currency = of_currency
    for no key update;
  end if;
  return room;
end
$$;

comment on function finance.lock_supply(text)
is 'What may still be issued of a currency with a supply limit, under the lock of MINT';
