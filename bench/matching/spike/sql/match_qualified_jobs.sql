-- Whoever qualifies for a job holds its rarest required skill, or it requires none: then only its score can find it.
create or replace function spike.match_qualified_jobs(
  held marketplace.held_skills, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
begin
  select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
  into job_ids, scores, posted
  from (
    select v.job_id, s.score, v.posted_at
    from (
      select distinct p.job_id, p.total_weight, p.needs
      from unnest(held.skill_ids) h (skill_id)
      join spike.gap_postings p
        on p.skill_id = h.skill_id
        and public.icount(p.needs operator(public.&) held.full_required) = p.total_weight - cardinality(p.needs)
        and (p.expires_at is null or p.expires_at > at)
    ) p
    cross join lateral (select marketplace.score_needs(p.needs, p.total_weight, held) as score) s
    join marketplace.job_vectors v on v.job_id = p.job_id
    where (remote_only is null or v.remote = remote_only)
    and (place is null or v.location = lower(place))
    and (pay_currency is null or v.currency = pay_currency)
    and (least_salary is null or v.top_salary >= least_salary)
    and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;
