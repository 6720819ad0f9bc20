create or replace function marketplace.match_slots(
  slots bigint[], held marketplace.held_skills, wanted integer, filter marketplace.job_filter,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
-- Exact, from what job_vectors hold now. The settings are those of match_jobs, from which this is
-- called, like match_packed_jobs: to set them again takes 0.1 ms. What needs the score stands
-- apart, so that the planner puts it last: together with the rest of the filter it cost 7 %.
declare
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
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
      and (v.expires_at is null or v.expires_at > filter.at)
      and (
        not is_narrowed
        or (filter.remote_only is null or v.remote = filter.remote_only)
        and (filter.place is null or v.location = filter.place)
        and (filter.pay_currency is null or v.currency = filter.pay_currency)
        and (filter.least_salary is null or v.top_salary >= filter.least_salary)
      )
      and (
        filter.after_score is null
        or (s.score, v.posted_at, v.job_id)
          < (filter.after_score, filter.after_posted, filter.after_job)
      )
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;

comment on function marketplace.match_slots is 'The best of the packed jobs at these places';
