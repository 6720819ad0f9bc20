create or replace function finance.earliest_recording() returns timestamptz
language sql
as $$
  -- When a row that is written now can have been recorded: since its database transaction began.
  -- One recorded earlier would change balances of the past that others have read. Half a second is
  -- left to writers that read their own clock before they begin. Volatile as the clock is, or it
  -- would not be inlined, and be planned once for each posting.
  select least(now(), clock_timestamp()) - interval '500 milliseconds'
$$;

comment on function finance.earliest_recording()
is 'The earliest time at which what is written now can be recorded';
