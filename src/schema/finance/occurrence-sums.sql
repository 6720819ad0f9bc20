comment on table finance.occurrence_sums
is 'How a wallet''s balances by occurred and recorded time differ, summed over one stretch of time';

create or replace trigger occurrence_sums_moved_by_ledger
before insert or update or delete or truncate on finance.occurrence_sums
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();
