create or replace function marketplace.drop_empty_blocks(after_skill integer, chunk integer)
returns integer
language plpgsql
set jit = off
as $$
-- A block is never seen before its jobs are in it.
declare
  last_skill integer;
  occupied integer[];
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  select max(skill_id) into last_skill
  from (
    select distinct skill_id
    from marketplace.packed_bounds
    where after_skill is null or skill_id > after_skill
    order by skill_id
    limit chunk
  ) skills;
  occupied := array(select distinct (slot / 512)::integer from marketplace.packed_jobs);
  with dropped as (
    delete from marketplace.packed_shares
    where (after_skill is null or skill_id > after_skill)
      and skill_id <= last_skill
      and block_id not in (select block from unnest(occupied) o (block))
    returning skill_id, level, block_id
  ),
  digits as (
    select d.skill_id, d.level, b.group_id,
      sum((
        marketplace.vector_field(b.bounds, d.block_id % 256, 8)
        || repeat('00000000', 255 - d.block_id % 256)
      )::numeric) as of_blocks
    from dropped d
    join marketplace.packed_bounds b
      on b.skill_id = d.skill_id and b.level = d.level and b.group_id = d.block_id / 256
    group by d.skill_id, d.level, b.group_id
  )
  update marketplace.packed_bounds b
  set bounds = b.bounds - d.of_blocks
  from digits d
  where b.skill_id = d.skill_id
    and b.level = d.level
    and b.group_id = d.group_id;
  delete from marketplace.packed_bounds
  where (after_skill is null or skill_id > after_skill)
    and skill_id <= last_skill
    and bounds = 0;
  return last_skill;
end
$$;

comment on function marketplace.drop_empty_blocks(integer, integer) is
  'Removes, for the next skills, what is left of blocks that all jobs have left, and says which '
  'skill was the last';
