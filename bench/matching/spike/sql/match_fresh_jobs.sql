-- All that are in no block yet: few, so each is scored.
create or replace function spike.match_fresh_jobs(
  held marketplace.held_skills, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid, least_score integer,
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
      select f.job_id, marketplace.score_needs(f.needs, f.total_weight, held) as score
      from spike.fresh_jobs f
      offset 0
    ) s
    join marketplace.job_vectors v on v.job_id = s.job_id
    where s.score >= greatest(1, least_score)
    and (v.expires_at is null or v.expires_at > at)
    and (remote_only is null or v.remote = remote_only)
    and (place is null or v.location = lower(place))
    and (pay_currency is null or v.currency = pay_currency)
    and (least_salary is null or v.top_salary >= least_salary)
    and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;
