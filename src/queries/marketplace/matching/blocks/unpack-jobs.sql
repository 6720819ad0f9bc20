create or replace function marketplace.unpack_jobs(before_block integer, chunk integer)
returns integer
language plpgsql
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
-- For jobs that have no place in a newer block.
declare
  free_ids uuid[];
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  select array_agg(job_id) into free_ids
  from (
    select v.job_id
    from marketplace.packed_jobs p
    join marketplace.job_vectors v on v.job_id = p.job_id
    where p.slot < before_block::bigint * 512
    order by p.slot
    limit chunk
    for update of v skip locked
  ) free_jobs;
  if free_ids is null then
    return 0;
  end if;
  perform marketplace.delete_postings(free_ids);
  delete from marketplace.packed_jobs where job_id = any (free_ids);
  insert into marketplace.skill_postings
  select * from marketplace.compute_postings(free_ids);
  return cardinality(free_ids);
end
$$;

comment on function marketplace.unpack_jobs(integer, integer)
is 'Puts jobs of the blocks before this one back among the postings, and says how many';
