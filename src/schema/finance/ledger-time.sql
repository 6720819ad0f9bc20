create or replace function finance.ledger_time(at timestamptz) returns timestamptz
language sql stable
as $$
  -- The ledger's own times are whole milliseconds, rounded up, because a JavaScript Date drops the
  -- rest: what a caller is told must not be a moment before the entry. It never goes back behind
  -- `at`.
  select date_trunc('milliseconds', at + interval '999 microseconds')
$$;

comment on function finance.ledger_time(timestamptz)
is 'The first whole millisecond at or after an instant';
