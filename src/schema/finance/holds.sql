comment on table finance.holds
is 'Money set aside in a wallet until it is captured, released or expires';

create or replace trigger holds_no_truncate
before truncate on finance.holds
for each statement execute function platform.forbid_change();

create or replace trigger holds_append_only
before delete on finance.holds
for each row execute function platform.forbid_change();

create or replace trigger holds_resolved_once
before update on finance.holds
for each row when (
  old.status <> 'PENDING'
  or (old.user_id, old.id, old.currency, old.amount, old.created_at, old.expires_at)
    is distinct from (new.user_id, new.id, new.currency, new.amount, new.created_at, new.expires_at)
)
execute function platform.forbid_change();

create or replace trigger holds_open_pending
before insert on finance.holds
for each row when (new.status <> 'PENDING')
execute function platform.forbid_change();

create or replace trigger holds_apply_opened
after insert on finance.holds
for each row execute function finance.apply_hold();

create or replace trigger holds_apply_resolved
after update on finance.holds
for each row when (old.status = 'PENDING' and new.status <> 'PENDING')
execute function finance.apply_hold();
