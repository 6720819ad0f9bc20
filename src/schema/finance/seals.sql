-- Looking back: balances of the past, and seals that make a change of the past visible. Functions,
-- and triggers on two tables that only the sealer writes; locks nothing that a posting needs.
comment on table finance.seals
is 'A link of the chain of SHA-256 hashes over the sealed entries; append-only';

create or replace trigger seals_append_only
before update or delete or truncate on finance.seals
for each statement execute function platform.forbid_change();
