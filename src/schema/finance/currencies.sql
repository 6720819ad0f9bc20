comment on table finance.currencies
is 'Money that wallets can hold; scale is the number of digits after the point';

create or replace function finance.open_system_wallets() returns trigger
language plpgsql
as $$
-- MINT issues a currency and may owe its whole supply; EXTERNAL stands for the world outside and
-- may owe anything; LIQUIDITY and FEES can only pay out what they hold.
begin
  insert into finance.wallets (user_id, currency, kind, credit_limit)
  values
    ('00000000-0000-0000-0000-000000000001', new.code, 'MINT', coalesce(new.supply_limit, 0)),
    ('00000000-0000-0000-0000-000000000002', new.code, 'EXTERNAL', 9223372036854775807),
    ('00000000-0000-0000-0000-000000000003', new.code, 'LIQUIDITY', 0),
    ('00000000-0000-0000-0000-000000000004', new.code, 'FEES', 0);
  return null;
end
$$;

comment on function finance.open_system_wallets()
is 'Opens MINT, EXTERNAL, LIQUIDITY and FEES with each new currency';

create or replace function finance.check_supply_limit() returns trigger
language plpgsql
as $$
-- Below what is issued it cannot go either: that is wallets_available_check of MINT.
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
begin
  update finance.wallets
  set credit_limit = coalesce(new.supply_limit, 0)
  where user_id = '00000000-0000-0000-0000-000000000001'
    and currency = new.code;
  return null;
end
$$;

comment on function finance.follow_supply_limit()
is 'Lets MINT owe what the currency''s supply allows';

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
