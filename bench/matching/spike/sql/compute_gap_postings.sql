create or replace function spike.compute_gap_postings(job_ids uuid[])
returns setof spike.gap_postings
language sql stable
as $$
  select r.code >> 3, v.job_id, v.total_weight::smallint, marketplace.minute_of(v.posted_at), v.expires_at, public.sort(v.needs)
  from marketplace.job_vectors v
  cross join lateral (
    select u.code,
      sum(u.code & 1) over (order by u.place desc) as required_from_here,
      sum(u.code & 1) over () as required_count
    from unnest(v.needs) with ordinality as u (code, place)
  ) r
  where v.job_id = any (job_ids)
  and (r.required_count = 1 or (r.code & 1 = 1 and r.required_from_here > r.required_count - 2))
$$;
