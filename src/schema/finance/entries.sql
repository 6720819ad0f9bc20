comment on table finance.entries
is 'One leg of a transaction in one wallet, with the balance after it; append-only';

create or replace trigger entries_append_only
before update or delete or truncate on finance.entries
for each statement execute function platform.forbid_change();

create or replace trigger entries_apply
after insert on finance.entries
referencing new table as new_entries
for each statement execute function finance.apply_entries();
