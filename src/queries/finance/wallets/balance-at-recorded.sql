create or replace function finance.balance_at_recorded(
  owner uuid, of_currency text, at timestamptz, out posted bigint, out version bigint
)
language plpgsql stable
as $$
-- Recorded times follow versions, so the last entry up to an instant is found by halving: 20 reads
-- by the primary key in a history of a million entries, and no index on the time to pay for.
declare
  low bigint := 0;
  high bigint;
  middle bigint;
  entry record;
begin
  select wallets.version into high
  from finance.wallets
  where user_id = owner and currency = of_currency;
  if not found then
    return;
  end if;
  posted := 0;
  while low < high loop
    middle := (low + high + 1) / 2;
    select recorded_at, posted_after into entry
    from finance.entries
    where entries.user_id = owner
      and entries.currency = of_currency
      and entries.version = middle;
    if entry.recorded_at <= at then
      low := middle;
      posted := entry.posted_after;
    else
      high := middle - 1;
    end if;
  end loop;
  version := low;
end
$$;

comment on function finance.balance_at_recorded(uuid, text, timestamptz)
is 'What a wallet had at an instant, as it was recorded';
