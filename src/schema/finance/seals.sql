comment on table finance.seals
is 'A link of the chain of SHA-256 hashes over the sealed entries; append-only';

create or replace function finance.compute_seal() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
-- A seal says what follows from its ranges and the seal before, so that nobody can store another.
-- What is not given is filled in. After a seal that is none, which only somebody past the triggers
-- can have stored, there are no more: all after it would have to go with it.
declare
  newest finance.seals;
  fault text;
  computed finance.seals := new;
begin
  select * into newest from finance.seals order by number desc limit 1;
  fault := case when newest.number is not null then finance.seal_fault(newest) end;
  if fault is not null then
    raise exception 'seal % is none that was sealed: its % is another', newest.number, fault
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_after_sound_check',
        hint = 'verifySeals names it, and docs/backup.md says how to remove it.';
  end if;
  computed.number := coalesce(newest.number, 0) + 1;
  computed.previous_hash := coalesce(newest.hash, sha256(''));
  computed.range_count := (
    select case when count(*) = max(place) then count(*) else 0 end
    from finance.sealed_ranges
    where seal_number = computed.number
  );
  computed.hash := finance.seal_hash(computed.number, computed.previous_hash);
  computed.created_at := transaction_timestamp();
  if computed.range_count = 0 then
    raise exception 'seal % has no ranges, or not one after the other', new.number
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_of_ranges_check';
  end if;
  if new.number <> computed.number
    or new.previous_hash <> computed.previous_hash
    or new.hash <> computed.hash
    or new.range_count <> computed.range_count
  then
    raise exception 'seal % does not follow from its ranges and the seal before', new.number
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_chain_check';
  end if;
  return computed;
end
$$;

comment on function finance.compute_seal()
is 'Fills in a new seal from its ranges, and refuses any other';

create or replace trigger seals_compute
before insert on finance.seals
for each row execute function finance.compute_seal();

create or replace trigger seals_append_only
before update or delete or truncate on finance.seals
for each statement execute function platform.forbid_change();
