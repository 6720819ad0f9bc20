-- The currencies of the platform, and the four system wallets of each currency. They are part of
-- the schema's meaning, so every migrated database has them. Inserts a few rows; locks nothing else.

-- MINT issues a currency and may owe its whole supply; EXTERNAL stands for the world outside and
-- may owe anything; LIQUIDITY and FEES can only pay out what they hold.
create or replace function finance.open_system_wallets() returns trigger
language plpgsql
as $$
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
--> statement-breakpoint
comment on function finance.open_system_wallets() is 'Opens MINT, EXTERNAL, LIQUIDITY and FEES with each new currency';
--> statement-breakpoint
create or replace trigger currencies_open_system_wallets
after insert on finance.currencies
for each row execute function finance.open_system_wallets();
--> statement-breakpoint
insert into finance.currencies (code, name, scale, supply_limit)
values
  ('AZR', 'Azora', 8, 2100000000000000),
  ('BTC', 'Bitcoin', 8, null),
  ('ETH', 'Ether, in gwei', 9, null),
  ('USD', 'United States dollar', 2, null),
  ('ZAR', 'South African rand', 2, null)
on conflict (code) do nothing;
