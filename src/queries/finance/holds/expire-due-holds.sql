create or replace function finance.expire_due_holds(owner uuid, of_currency text, at timestamptz)
returns integer
language plpgsql
as $$
-- Ends the holds of one locked wallet that are due. A hold that is due holds nothing any more,
-- whether this or the sweeper ends it: each posting calls it before it refuses for lack of funds.
declare
  expired integer;
begin
  update finance.holds
  set status = 'EXPIRED', resolved_at = greatest(at, created_at)
  where user_id = owner
    and currency = of_currency
    and status = 'PENDING'
    and expires_at <= at;
  get diagnostics expired = row_count;
  return expired;
end
$$;

comment on function finance.expire_due_holds(uuid, text, timestamptz)
is 'Ends the due holds of one wallet';
