create or replace function finance.expire_holds(oldest integer) returns integer
language plpgsql
as $$
-- Sweeps due holds and returns how many it ended: of the wallets that nobody else has locked, the
-- `oldest` longest due, and with them all others that are due in the same wallets. It waits for no
-- wallet, so it never meets a posting head-on. What is locked is left for the next sweep: its holds
-- hold nothing meanwhile.
declare
  at constant timestamptz := clock_timestamp();
  due record;
  expired integer := 0;
begin
  for due in
    with longest_due as materialized (
      select wallets.user_id, wallets.currency
      from finance.holds
      join finance.wallets
        on wallets.user_id = holds.user_id and wallets.currency = holds.currency
      where holds.status = 'PENDING'
        and holds.expires_at <= at
      order by holds.expires_at, holds.user_id, holds.id
      limit oldest
      for no key update of wallets skip locked
    )
    select distinct user_id, currency
    from longest_due
  loop
    expired := expired + finance.expire_due_holds(due.user_id, due.currency, at);
  end loop;
  return expired;
end
$$;

comment on function finance.expire_holds(integer)
is 'Ends the longest due holds, with all due ones of their wallets, and returns how many';
