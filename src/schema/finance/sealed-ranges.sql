comment on table finance.sealed_ranges
is 'Consecutive entries of one wallet under a seal; append-only';

-- The hash of a seal is over its ranges, and they refer to it: it comes after them.
alter table finance.sealed_ranges
alter constraint sealed_ranges_seal_number_fkey deferrable initially immediate;

create or replace trigger sealed_ranges_append_only
before update or delete or truncate on finance.sealed_ranges
for each statement execute function platform.forbid_change();
