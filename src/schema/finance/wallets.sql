comment on table finance.wallets
is 'What one owner holds of one currency; system wallets have reserved owner ids';

-- Every posting updates its wallets, so their pages keep room for a new version of each row (HOT).
alter table finance.wallets set (fillfactor = 60);

create or replace function finance.check_new_wallet() returns trigger
language plpgsql
as $$
-- What an opened wallet keeps for good. Checks would ask it again at each posting.
declare
  broken text;
begin
  broken := case
    when new.posted <> 0 or new.held <> 0 or new.version <> 0 or new.posted_at is not null
      or new.hold_expires_at is not null then 'wallets_open_empty_check'
    when new.credit_limit < 0 then 'wallets_credit_limit_not_negative_check'
    when new.kind = 'USER' and new.credit_limit > 0 then 'wallets_user_has_no_credit_check'
    when not case
      when new.kind <> 'USER' then new.user_id = finance.system_owner(new.kind)
      -- Of users too: users_id_not_reserved_check.
      else new.user_id >= '00000000-0000-0000-0000-000000000100' and new.user_id not between
        '00000000-0000-8000-8000-000000000000' and '00000000-0000-8000-8000-0000000000ff'
    end then 'wallets_owner_of_kind_check'
    -- Only the trigger on currencies opens system wallets, which runs this at depth 2.
    when new.kind <> 'USER' and pg_trigger_depth() < 2 then 'wallets_system_by_currency_check'
  end;
  if broken is not null then
    raise exception 'wallet % % cannot be opened so', new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'wallets', constraint = broken;
  end if;
  return new;
end
$$;

comment on function finance.check_new_wallet()
is 'Refuses a wallet that is not empty, or whose owner and kind do not fit';

-- A statement of its own runs at trigger depth 0; the updates of the triggers on entries and holds
-- run deeper. So this costs nothing on the way of a posting, and row triggers, which would make
-- every update of a wallet compute its generated columns again, are not needed.
create or replace trigger wallets_moved_by_ledger
before update of
  user_id, currency, kind, posted, held, credit_limit, version, posted_at, hold_expires_at
on finance.wallets
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();

create or replace trigger wallets_open_sound
before insert on finance.wallets
for each row execute function finance.check_new_wallet();

create or replace trigger wallets_no_truncate
before truncate on finance.wallets
for each statement execute function platform.forbid_change();

create or replace trigger wallets_system_stay
before delete on finance.wallets
for each row when (old.kind <> 'USER')
execute function platform.forbid_change();

-- After the update and of one column: a row trigger before it would make every posting compute the
-- wallet's generated columns again.
create or replace trigger wallets_system_open
after update of status on finance.wallets
for each row when (old.kind <> 'USER' and new.status <> 'OPEN')
execute function platform.forbid_change();
