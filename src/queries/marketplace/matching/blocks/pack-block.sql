create or replace function marketplace.pack_block(job_ids uuid[], first_block integer default 0)
returns integer
language plpgsql
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
-- Takes those of the jobs that nobody holds, with a required skill, by which match_qualified_jobs
-- finds them. The block is a new one, from `first_block` on.
declare
  free_ids uuid[];
  block integer;
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  select array_agg(job_id) into free_ids
  from (
    select job_id
    from marketplace.job_vectors
    where job_id = any (job_ids)
      and cardinality(needs) < 100
      and total_weight > cardinality(needs)
    order by job_id
    for update skip locked
  ) free_jobs;

  if cardinality(free_ids) > 512 then
    raise exception 'a block has room for 512 jobs, not for %', cardinality(free_ids)
      using errcode = 'program_limit_exceeded';
  end if;
  if free_ids is null then
    return 0;
  end if;

  -- What follows the locks are statements of their own, which see what is locked.
  perform marketplace.delete_postings(free_ids);
  delete from marketplace.packed_jobs where job_id = any (free_ids);
  block := greatest(first_block, marketplace.next_packed_block());
  insert into marketplace.packed_jobs (slot, job_id)
  select block::bigint * 512 + row_number() over (order by v.total_weight, v.job_id) - 1, v.job_id
  from marketplace.job_vectors v
  where v.job_id = any (free_ids);
  insert into marketplace.packed_shares
  select * from marketplace.compute_packed_shares(block);
  insert into marketplace.packed_bounds as b (skill_id, level, group_id, bounds)
  select n.skill_id, l.level, block / 256,
    (
      max(marketplace.packed_share(l.level, n.code, n.total_weight))
      || repeat('00000000', 255 - block % 256)
    )::numeric
  from marketplace.read_block(block) n
  cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
  group by n.skill_id, l.level
  on conflict (skill_id, level, group_id) do update
  set bounds = b.bounds + excluded.bounds;
  insert into marketplace.skill_postings
  select * from marketplace.compute_postings(free_ids);
  return cardinality(free_ids);
end
$$;

comment on function marketplace.pack_block(uuid[], integer)
is 'Packs these jobs in a new block, and says how many';
