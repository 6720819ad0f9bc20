create or replace function marketplace.match_slots(
  slots bigint[], held marketplace.held_skills, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
-- Exact, from what job_vectors hold now. Here and below the settings are those of match_jobs, which calls them: to set them
-- again takes 0.1 ms.
begin
  select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
  into job_ids, scores, posted
  from (
    select v.job_id, s.score, v.posted_at
    from unnest(slots) u (slot)
    join marketplace.packed_jobs p on p.slot = u.slot
    join marketplace.job_vectors v on v.job_id = p.job_id
    cross join lateral (select marketplace.score_needs(v.needs, v.total_weight, held) as score) s
    where s.score > 0
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

comment on function marketplace.match_slots is 'The best of the packed jobs at these places';
