create or replace function marketplace.check_job_index()
returns table (
  kind text, job_id uuid, skill_id integer, level marketplace.skill_level,
  field text, expected text, actual text
)
language sql stable
set jit = off
as $$
  -- In pieces of the id range nothing would be gained: both sides are read once and hashed.
  with expected_vectors as (
    select c.*
    from marketplace.compute_job_vectors(array(select id from marketplace.jobs)) c
  ),
  expected_postings as (
    select c.*
    from marketplace.compute_postings(array(select v.job_id from marketplace.job_vectors v)) c
  ),
  wrong_vectors as (
    select f.kind, coalesce(e.job_id, v.job_id) as job_id, null::integer as skill_id,
      null::marketplace.skill_level as level, f.field, f.expected, f.actual
    from expected_vectors e
    full join marketplace.job_vectors v on v.job_id = e.job_id
    -- As row(e.*) and not e, which would make a row of each vector that there is.
    cross join lateral (
      select to_jsonb(row(e.*)::marketplace.job_vectors) as expected,
        to_jsonb(row(v.*)::marketplace.job_vectors) as actual
    ) r
    cross join lateral (
      select 'vector missing' as kind, null as field, r.expected::text, null as actual
      where v.job_id is null
      union all
      select 'vector of no job', null, null, r.actual::text
      where e.job_id is null
      union all
      select 'vector differs', x.key, x.value, y.value
      from jsonb_each_text(r.expected || jsonb_build_object('needs', public.sort(e.needs))) x
      join jsonb_each_text(r.actual || jsonb_build_object('needs', public.sort(v.needs))) y
        on y.key = x.key
      where v.job_id = e.job_id
        and x.value is distinct from y.value
    ) f
    where v.job_id is null
      or e.job_id is null
      or (v.codes, v.total_weight, v.skill_bits, v.posted_at, v.expires_at)
        is distinct from (e.codes, e.total_weight, e.skill_bits, e.posted_at, e.expires_at)
      or (v.remote, v.location, v.currency, v.top_salary)
        is distinct from (e.remote, e.location, e.currency, e.top_salary)
      -- The order may be that of older ranks, so the skills are compared as a set.
      or public.sort(v.needs) <> public.sort(e.needs)
  ),
  -- An order that neither rank explains would break the limit that searches put on job sizes.
  misordered_vectors as (
    select 'vector in no known order', v.job_id, null::integer, null::marketplace.skill_level,
      'needs', o.by_rank::text, v.needs::text
    from marketplace.job_vectors v
    cross join lateral (
      select array_agg(u.code order by coalesce(r.rank, 0), u.code) as by_rank,
        array_agg(u.code order by coalesce(r.prior_rank, 0), u.code) as by_prior_rank
      from unnest(v.needs) u (code)
      left join marketplace.skill_ranks r on r.skill_id = u.code >> 3
    ) o
    where v.needs <> o.by_rank
      and v.needs <> o.by_prior_rank
  ),
  wrong_postings as (
    select case when p.job_id is null then 'posting missing' else 'posting too many' end,
      coalesce(e.job_id, p.job_id), coalesce(e.skill_id, p.skill_id),
      null::marketplace.skill_level, null,
      case when p.job_id is null then to_jsonb(row(e.*)::marketplace.skill_postings)::text end,
      case when e.job_id is null then to_jsonb(row(p.*)::marketplace.skill_postings)::text end
    from expected_postings e
    full join marketplace.skill_postings p
      on p.job_id = e.job_id and p.skill_id = e.skill_id and p.size_class = e.size_class
      and p.bound = e.bound and p.posted_minute = e.posted_minute
      and p.total_weight = e.total_weight and p.skill_bits = e.skill_bits and p.needs = e.needs
      and p.expires_at is not distinct from e.expires_at
      and p.near_gap = e.near_gap
    where p.job_id is null
      or e.job_id is null
  )
  select * from wrong_vectors
  union all
  select * from misordered_vectors
  union all
  select * from wrong_postings
  union all
  select * from marketplace.check_packed_jobs()
$$;

comment on function marketplace.check_job_index() is
  'Computes job_vectors and skill_postings anew and lists every difference';
