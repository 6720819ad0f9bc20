create or replace function marketplace.compute_job_vectors(job_ids uuid[])
returns setof marketplace.job_vectors
language sql stable
as $$
  select j.id, coalesce(n.needs, '{}'), coalesce(n.codes, '{}'), coalesce(n.total_weight, 0),
    coalesce(n.skill_bits, 0::bit(256)), j.posted_at, j.expires_at, j.remote,
    public.fold_text(j.location), j.currency, coalesce(j.salary_max, j.salary_min)
  from marketplace.jobs j
  left join lateral (
    select array_agg(c.code order by coalesce(r.rank, 0), js.skill_id) as needs,
      public.sort(
        array_agg(c.code) || coalesce(array_agg(c.code - 1) filter (where js.required), '{}')
      ) as codes,
      sum(1 + js.required::int)::integer as total_weight,
      bit_or(marketplace.skill_bits(js.skill_id, js.required)) as skill_bits
    from marketplace.job_skills js
    left join marketplace.skill_ranks r on r.skill_id = js.skill_id
    cross join lateral (
      select js.skill_id * 8 + (marketplace.level_number(js.level) - 1) * 2 + js.required::int
    ) c (code)
    where js.job_id = j.id
  ) n on j.status = 'ACTIVE' and j.deleted_at is null
  where j.id = any (job_ids)
$$;

comment on function marketplace.compute_job_vectors(uuid[])
is 'What job_vectors should hold for these jobs';
