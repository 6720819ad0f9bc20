create or replace function marketplace.compute_postings(job_ids uuid[])
returns setof marketplace.skill_postings
language sql stable
as $$
  -- Of a packed job only those that findSkillGaps reads, in a size class of their own, which
  -- searches leave out.
  select n.skill_id,
    case when p.is_packed then 6 else marketplace.size_class(v.total_weight) end,
    ((n.weight_from_here * 10000 + v.total_weight - 1) / v.total_weight)::smallint,
    marketplace.minute_of(v.posted_at),
    v.total_weight::smallint,
    v.job_id,
    n.near_gap,
    v.skill_bits,
    public.sort(v.needs),
    v.expires_at
  from marketplace.job_vectors v
  cross join lateral (
    select exists (select from marketplace.packed_jobs j where j.job_id = v.job_id) as is_packed
    offset 0
  ) p
  cross join lateral (
    select r.code >> 3 as skill_id, r.weight_from_here,
      r.required_count = 1
        or (r.code & 1 = 1 and r.required_from_here > r.required_count - 2) as near_gap
    from (
      select u.code,
        sum(1 + (u.code & 1)) over (order by u.place desc) as weight_from_here,
        sum(u.code & 1) over (order by u.place desc) as required_from_here,
        sum(u.code & 1) over () as required_count
      from unnest(v.needs) with ordinality as u (code, place)
    ) r
  ) n
  where v.job_id = any (job_ids)
    and (n.near_gap or not p.is_packed)
$$;

comment on function marketplace.compute_postings(uuid[])
is 'The postings that belong to what job_vectors hold for these jobs';
