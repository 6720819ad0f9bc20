create or replace function finance.check_recorded_time(id uuid, recorded_at timestamptz)
returns void
language plpgsql
as $$
-- Of a transaction without entries. A refusal can have the time of a wallet that is ahead of the
-- clock.
begin
  if recorded_at between finance.earliest_recording() and clock_timestamp() + interval '5 seconds'
  then
    return;
  end if;
  if finance.may_import('finance.transactions') or (
    recorded_at > clock_timestamp()
    and exists (
      select from finance.wallets where finance.ledger_time(posted_at) >= recorded_at
    )
  ) then
    return;
  end if;
  raise exception 'transaction % is recorded at %, which is not now', id, recorded_at
    using errcode = 'check_violation', schema = 'finance', table = 'transactions',
      constraint = 'transactions_recorded_by_clock_check';
end
$$;

comment on function finance.check_recorded_time(uuid, timestamptz)
is 'Refuses a recorded time that is not the clock''s';
