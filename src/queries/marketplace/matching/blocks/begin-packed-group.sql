create or replace function marketplace.begin_packed_group() returns integer
language plpgsql
as $$
-- A run packs into groups of its own, so that unpack_jobs can tell its blocks from older ones.
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  return (marketplace.next_packed_block() + 255) / 256 * 256;
end
$$;

comment on function marketplace.begin_packed_group()
is 'The number of the first block in the next group';
