comment on table finance.transactions
is 'One request to move money or set it aside and its outcome, keyed by the owner who started it';

create or replace function finance.check_completed_transaction() returns trigger
language plpgsql
as $$
-- A completed transaction has what it is about. Asked at COMMIT, because the transaction is written
-- first: one look by an index for each, and none for a failed one.
declare
  broken text;
begin
  -- Nested, because an expression with a subquery costs as much when an `and` before it spares the
  -- look.
  if new.type not in ('HOLD', 'RELEASE') then
    if not exists (
      select
      from finance.entries
      where transaction_user_id = new.user_id and transaction_id = new.id
    ) then
      broken := 'transactions_completed_has_entries_check';
    end if;
  end if;
  if new.type = 'HOLD' then
    if not exists (select from finance.holds where user_id = new.user_id and id = new.id) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  elsif new.type in ('CAPTURE', 'RELEASE') then
    if not exists (
      select from finance.holds where user_id = new.user_id and resolution_id = new.id
    ) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  end if;
  if broken is not null then
    raise exception 'completed transaction % (%) has nothing that it is about', new.id, new.type
      using errcode = 'check_violation', schema = 'finance', table = 'transactions',
        constraint = broken;
  end if;
  return null;
end
$$;

comment on function finance.check_completed_transaction()
is 'Refuses a completed transaction without its entries or its hold';

create or replace trigger transactions_no_truncate
before truncate on finance.transactions
for each statement execute function platform.forbid_change();

create or replace trigger transactions_append_only
before delete on finance.transactions
for each row execute function platform.forbid_change();

create or replace trigger transactions_final
before update on finance.transactions
for each row when (old.status in ('COMPLETED', 'FAILED', 'CANCELLED'))
execute function platform.forbid_change();

create constraint trigger transactions_completed_whole
after insert or update of status on finance.transactions
deferrable initially deferred
for each row when (new.status = 'COMPLETED')
execute function finance.check_completed_transaction();
