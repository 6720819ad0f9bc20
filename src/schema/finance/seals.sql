comment on table finance.seals
is 'A link of the chain of SHA-256 hashes over the sealed entries; append-only';

create or replace trigger seals_append_only
before update or delete or truncate on finance.seals
for each statement execute function platform.forbid_change();
