-- The currencies of the platform; a trigger opens the system wallets of each. Inserts a few rows.
--> statement-breakpoint
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
