create or replace function marketplace.begin_packed_group() returns integer
language plpgsql
as $$
-- A run packs into groups of its own, so that unpack_jobs can tell its blocks from older ones.
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  return setval(
    'marketplace.packed_blocks', (last_value + is_called::integer + 255) / 256 * 256, false
  )
  from marketplace.packed_blocks;
end
$$;

comment on function marketplace.begin_packed_group()
is 'Leaves the blocks of the group that is begun unused, and says the number of the next one';
