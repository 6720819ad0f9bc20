create or replace function finance.balance_at_occurred(owner uuid, of_currency text, at timestamptz)
returns numeric
language sql stable
as $$
  -- What had happened by an instant, as far as it is recorded now: the balance by recorded time,
  -- and the difference that backdated and predated entries make. That is a sum over at most 255
  -- rows for each of the 6 shorter lengths of time, and over one row for each 8.9 years (256^6
  -- microseconds) that have such entries, however many there are. A numeric, because a balance that
  -- was never recorded so can be more than 8 bytes hold: money that came back before it went is
  -- there twice.
  select recorded.posted + coalesce((
    select sum(amount)
    from generate_series(0, 6) as level
    cross join lateral (
      select (extract(epoch from at) * 1000000)::bigint >> (8 * level) as now
    ) as here
    join finance.occurrence_sums on occurrence_sums.user_id = owner
      and occurrence_sums.currency = of_currency
      and occurrence_sums.level = level.level
      and stretch >= case when level.level < 6 then (now >> 8) << 8 else -9223372036854775808 end
      and stretch < now + case when level.level = 0 then 1 else 0 end
  ), 0)
  from finance.balance_at_recorded(owner, of_currency, at) as recorded
$$;

comment on function finance.balance_at_occurred(uuid, text, timestamptz)
is 'What a wallet had at an instant, by when things happened';
