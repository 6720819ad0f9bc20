create or replace function finance.lend_supply(
  codes text[], owed_before numeric[], owed_after numeric[], is_falling boolean
)
returns void
language sql
as $$
  -- What EXTERNAL owes of a limited supply, MINT may not owe: so what both have issued is within
  -- the supply, by wallets_available_check of MINT's wallet, whoever issues. A reward moves that
  -- wallet anyhow; deposits of a currency with a supply limit lock it as well, and no others do.
  -- Where more was issued before this was held, money may still go out, and none come in.
  --
  -- For the trigger on entries alone: outside of it wallets_moved_by_ledger refuses.
  update finance.wallets
  set credit_limit = greatest(supply_limit - after, case when is_falling then held - posted end)
  from unnest(codes, owed_before, owed_after) as owed (code, before, after)
  join finance.currencies using (code)
  where wallets.user_id = finance.system_owner('MINT')
    and wallets.currency = code
    and after <> before
    and (after < before) = is_falling
$$;

comment on function finance.lend_supply(text[], numeric[], numeric[], boolean)
is 'Leaves to MINT what EXTERNAL does not owe of a limited supply';
