comment on table finance.transactions
is 'One request to move money or set it aside and its outcome, keyed by the owner who started it';

create or replace function finance.check_completed_transaction() returns trigger
language plpgsql
as $$
-- A completed transaction has what it is about, and is recorded when it is posted. Asked at COMMIT,
-- because the transaction is written first: one look by an index for each, and none for a failed
-- one.
declare
  broken text;
begin
  -- Most are of these types, and have entries: each expression costs them more than it seems, and
  -- one with a subquery as much when an `and` before it spares the look.
  if new.status = 'COMPLETED' and new.type not in ('HOLD', 'RELEASE', 'CAPTURE', 'REFUND') then
    if exists (
      select
      from finance.entries
      where transaction_user_id = new.user_id and transaction_id = new.id
    ) then
      return null;
    end if;
    broken := 'transactions_completed_has_entries_check';
  elsif new.status <> 'COMPLETED' then
    perform finance.check_recorded_time(new.id, new.recorded_at);
  elsif new.type = 'HOLD' then
    perform finance.check_recorded_time(new.id, new.recorded_at);
    if not exists (select from finance.holds where user_id = new.user_id and id = new.id) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  else
    broken := finance.broken_purpose(new.user_id, new.id);
    if new.type = 'RELEASE' then
      perform finance.check_recorded_time(new.id, new.recorded_at);
    end if;
  end if;
  -- Without entries, so that the trigger on those does not ask. It would count as the one reversal
  -- that there can be.
  if new.status = 'COMPLETED' and new.type in ('HOLD', 'RELEASE') and new.reverses_id is not null
  then
    broken := 'transactions_reverses_by_type_check';
  end if;
  if broken is not null then
    raise exception 'completed transaction % (%) is not what it is about', new.id, new.type
      using errcode = 'check_violation', schema = 'finance', table = 'transactions',
        constraint = broken;
  end if;
  return null;
end
$$;

comment on function finance.check_completed_transaction()
is 'Refuses a transaction without what it is about, or recorded at another time than now';

create or replace trigger transactions_no_truncate
before truncate on finance.transactions
for each statement execute function platform.forbid_change();

create or replace trigger transactions_append_only
before delete on finance.transactions
for each row execute function platform.forbid_change();

-- A request is never another one, and its outcome is never another one.
create or replace trigger transactions_final
before update on finance.transactions
for each row when (
  old.status in ('COMPLETED', 'FAILED', 'CANCELLED')
  or (old.user_id, old.id, old.type, old.currency, old.amount)
    is distinct from (new.user_id, new.id, new.type, new.currency, new.amount)
  or (old.idempotency_key, old.request_hash, old.reverses_id)
    is distinct from (new.idempotency_key, new.request_hash, new.reverses_id)
  or (old.rate_numerator, old.rate_denominator)
    is distinct from (new.rate_numerator, new.rate_denominator)
)
execute function platform.forbid_change();

-- For each, because a condition would be compiled for each statement, which costs more than to ask
-- in the function.
create constraint trigger transactions_completed_whole
after insert or update of status, recorded_at on finance.transactions
deferrable initially deferred
for each row execute function finance.check_completed_transaction();
