-- A block of those that came since: not alike, so that nearly every search adds it up.
create or replace function spike.pack_fresh_jobs() returns integer
language plpgsql
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  ids uuid[];
  block integer;
begin
  ids := array(select job_id from spike.fresh_jobs order by job_id limit 512 for update skip locked);
  if cardinality(ids) = 0 then
    return 0;
  end if;
  select (max(slot) / 512 + 1)::integer into block from spike.packed_jobs;
  insert into spike.packed_jobs (slot, job_id, posted_minute)
  select block::bigint * 512 + row_number() over (order by v.total_weight, v.job_id) - 1, v.job_id, marketplace.minute_of(v.posted_at)
  from marketplace.job_vectors v
  where v.job_id = any (ids);
  insert into spike.packed_shares
  select * from spike.compute_packed_shares(block);
  insert into spike.packed_bounds as b (skill_id, level, group_id, bounds)
  select n.skill_id, l.level, block / 256,
    (max(marketplace.packed_share(l.level, n.code, n.total_weight)) || repeat('00000000', 255 - block % 256))::numeric
  from spike.read_block(block) n
  cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
  group by n.skill_id, l.level
  on conflict (skill_id, level, group_id) do update
  set bounds = b.bounds + excluded.bounds;
  delete from spike.fresh_jobs where job_id = any (ids);
  return cardinality(ids);
end
$$;
