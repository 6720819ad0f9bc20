create or replace function marketplace.find_skill_gaps(
  person uuid, wanted integer, example_count integer, at timestamptz
) returns table (skill_id integer, level integer, job_count bigint, job_ids uuid[])
language plpgsql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
rows 20
as $$
-- A job that lacks exactly one required skill of a person either has another of its two rarest
-- required skills met, or asks for one skill only: near_gap marks the postings that find it. Its
-- signature then has at most one required bit that is not among the person's. Without `rows` it
-- seems better to the planner to read all jobs than to look up those of a page, as with match_jobs.
#variable_conflict use_column
declare
  held constant marketplace.held_skills := marketplace.read_held_skills(person);
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  full_required constant integer[] := held.full_required;
begin
  if held.skill_ids is null then
    return;
  end if;
  return query
  with near_jobs as materialized (
    select g.code, p.job_id, p.posted_minute
    from (
      select distinct p.job_id, p.posted_minute, p.needs
      from unnest(held.skill_ids) h (skill_id)
      join marketplace.skill_postings p
        on p.skill_id = h.skill_id
        and p.near_gap
        and bit_count(p.skill_bits & required_missing) <= 1
        and public.icount(p.needs operator(public.&) full_required)
          = p.total_weight - cardinality(p.needs) - 1
        and (p.expires_at is null or p.expires_at > at)
    ) p
    cross join lateral (
      select n.code
      from unnest(p.needs operator(public.-) full_required) n (code)
      where n.code & 1 = 1
    ) g
  ),
  counts as (
    select code, count(*) as job_count
    from near_jobs
    group by code
  ),
  -- Whoever reaches a level has reached the lower ones, and the jobs that ask for those as well.
  gaps as (
    select code, code >> 3 as skill_id,
      sum(job_count) over (partition by code >> 3 order by code)::bigint as job_count
    from counts
  ),
  best_gaps as (
    select code, skill_id, job_count
    from gaps
    order by job_count desc, code
    limit wanted
  )
  select b.skill_id, (b.code >> 1 & 3) + 1, b.job_count,
    -- The minute leaves a few, of whom the instant decides.
    array(
      select v.job_id
      from (
        select n.job_id
        from near_jobs n
        where n.code >> 3 = b.skill_id
          and n.code <= b.code
        order by n.posted_minute desc
        fetch first (example_count) rows with ties
      ) newest
      join marketplace.job_vectors v on v.job_id = newest.job_id
      order by v.posted_at desc, v.job_id desc
      limit example_count
    )
  from best_gaps b
  order by b.job_count desc, b.code;
end
$$;

comment on function marketplace.find_skill_gaps
is 'Which single skill or level opens how many jobs that a person nearly qualifies for';
