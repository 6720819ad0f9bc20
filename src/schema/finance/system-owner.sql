create or replace function finance.system_owner(of_kind finance.wallet_kind) returns uuid
language sql immutable parallel safe
as $$
  -- The one place in SQL that knows these ids; `systemOwners` says the same to callers. They are
  -- of version 8, RFC 9562's own for what an application makes up.
  select case of_kind
    when 'MINT' then '00000000-0000-8000-8000-000000000001'::uuid
    when 'EXTERNAL' then '00000000-0000-8000-8000-000000000002'
    when 'LIQUIDITY' then '00000000-0000-8000-8000-000000000003'
    when 'FEES' then '00000000-0000-8000-8000-000000000004'
  end
$$;

comment on function finance.system_owner(finance.wallet_kind)
is 'The reserved id that owns the wallets of a kind';
