comment on table finance.sealed_ranges
is 'Consecutive entries of one wallet under a seal; append-only';

-- The hash of a seal is over its ranges, and they refer to it: it comes after them.
alter table finance.sealed_ranges
alter constraint sealed_ranges_seal_number_fkey deferrable initially immediate;

create or replace function finance.compute_sealed_range() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
-- A range is of the next seal, continues its wallet's ranges, and says what its entries say. It
-- continues none that its seal does not count, which only somebody past the triggers can have
-- stored.
declare
  computed finance.sealed_ranges := new;
  previous record;
  broken text;
begin
  computed.place := 1 + coalesce((
    select max(place) from finance.sealed_ranges where seal_number = new.seal_number
  ), 0);
  select last_version, seal_number = new.seal_number or place <= range_count as is_sound
  into previous
  from finance.sealed_ranges
  left join finance.seals on number = seal_number
  where user_id = new.user_id and currency = new.currency
  order by last_version desc
  limit 1;
  if new.seal_number <> 1 + coalesce((select max(number) from finance.seals), 0) then
    broken := 'sealed_ranges_of_next_seal_check';
  elsif new.first_version <> coalesce(previous.last_version, 0) + 1 then
    broken := 'sealed_ranges_chain_check';
  elsif previous.is_sound is not true and new.first_version > 1 then
    broken := 'sealed_ranges_after_sound_check';
  else
    select r.digests, r.hash into computed.digests, computed.hash
    from finance.digest_range(
      new.user_id, new.currency, new.first_version, new.last_version
    ) as r;
    if new.place <> computed.place
      or new.digests <> computed.digests
      or new.hash <> computed.hash
    then
      broken := 'sealed_ranges_of_entries_check';
    end if;
  end if;
  if broken is not null then
    raise exception 'versions % to % of wallet % % cannot be sealed like this',
      new.first_version, new.last_version, new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'sealed_ranges',
        constraint = broken;
  end if;
  return computed;
end
$$;

comment on function finance.compute_sealed_range()
is 'Fills in a new range from its entries, and refuses any other';

create or replace trigger sealed_ranges_compute
before insert on finance.sealed_ranges
for each row execute function finance.compute_sealed_range();

create or replace trigger sealed_ranges_append_only
before update or delete or truncate on finance.sealed_ranges
for each statement execute function platform.forbid_change();
