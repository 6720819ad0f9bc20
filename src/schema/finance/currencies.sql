comment on table finance.currencies
is 'Money that wallets can hold; scale is the number of digits after the point';

create or replace function finance.open_system_wallets() returns trigger
language plpgsql
as $$
-- MINT issues a currency and may owe its whole supply; EXTERNAL stands for the world outside and
-- may owe anything, or what MINT leaves of a limited supply (lend_supply); LIQUIDITY and FEES can
-- only pay out what they hold.
begin
  insert into finance.wallets (user_id, currency, kind, credit_limit)
  select finance.system_owner(kind), new.code, kind, credit
  from (
    values
      ('MINT'::finance.wallet_kind, coalesce(new.supply_limit, 0)),
      ('EXTERNAL', coalesce(new.supply_limit, 9223372036854775807)),
      ('LIQUIDITY', 0),
      ('FEES', 0)
  ) as opened (kind, credit);
  return null;
end
$$;

comment on function finance.open_system_wallets()
is 'Opens MINT, EXTERNAL, LIQUIDITY and FEES with each new currency';

create or replace function finance.check_supply_limit() returns trigger
language plpgsql
as $$
-- Below what is issued it cannot go either: that is wallets_available_check of MINT and EXTERNAL.
begin
  raise exception 'the supply limit of % can only be lowered', old.code
    using errcode = 'check_violation', schema = 'finance', table = 'currencies',
      constraint = 'currencies_supply_limit_lowered_check';
end
$$;

comment on function finance.check_supply_limit()
is 'Refuses a supply limit that is raised or taken away';

create or replace function finance.follow_supply_limit() returns trigger
language plpgsql
as $$
-- Both are locked by a statement of its own, in the order of keys, so that the next one knows what
-- EXTERNAL owes by then.
begin
  perform
  from finance.wallets
  where user_id in (finance.system_owner('MINT'), finance.system_owner('EXTERNAL'))
    and currency = new.code
  order by user_id
  for no key update;
  update finance.wallets
  set credit_limit = case wallets.kind
    when 'EXTERNAL' then new.supply_limit
    else new.supply_limit - greatest(-external.posted, 0)
  end
  from finance.wallets as external
  where external.user_id = finance.system_owner('EXTERNAL')
    and external.currency = new.code
    and wallets.user_id in (finance.system_owner('MINT'), finance.system_owner('EXTERNAL'))
    and wallets.currency = new.code;
  return null;
end
$$;

comment on function finance.follow_supply_limit()
is 'Lets MINT and EXTERNAL owe together what the currency''s supply allows';

create or replace trigger currencies_open_system_wallets
after insert on finance.currencies
for each row execute function finance.open_system_wallets();

-- Amounts are counted in minor units, so another scale would change what everybody has.
create or replace trigger currencies_final
before update of code, scale on finance.currencies
for each row when ((old.code, old.scale) is distinct from (new.code, new.scale))
execute function platform.forbid_change();

create or replace trigger currencies_supply_limit_lowered
before update of supply_limit on finance.currencies
for each row when (
  old.supply_limit is not null and (new.supply_limit <= old.supply_limit) is not true
)
execute function finance.check_supply_limit();

create or replace trigger currencies_follow_supply_limit
after update of supply_limit on finance.currencies
for each row when (old.supply_limit is distinct from new.supply_limit)
execute function finance.follow_supply_limit();

-- The currencies of the platform. They are part of the schema's meaning, so every migrated database
-- has them.
insert into finance.currencies (code, name, scale, supply_limit)
values
  ('AZR', 'Azora', 8, 2100000000000000),
  ('BTC', 'Bitcoin', 8, null),
  ('ETH', 'Ether, in gwei', 9, null),
  ('USD', 'United States dollar', 2, null),
  ('ZAR', 'South African rand', 2, null)
on conflict (code) do nothing;
