create or replace function marketplace.match_qualified_jobs(
  held marketplace.held_skills, wanted integer, filter marketplace.job_filter,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
-- Whoever qualifies for a job holds its rarest required skill, whose posting is marked near_gap;
-- every packed job has one.
declare
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
begin
  select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
  into job_ids, scores, posted
  from (
    select v.job_id, s.score, v.posted_at
    from (
      select distinct p.job_id, p.total_weight, p.needs
      from unnest(held.skill_ids) h (skill_id)
      join marketplace.skill_postings p
        on p.skill_id = h.skill_id
        and p.near_gap
        and bit_count(p.skill_bits & required_missing) = 0
        and public.icount(p.needs operator(public.&) held.full_required)
          = p.total_weight - cardinality(p.needs)
        and (p.expires_at is null or p.expires_at > filter.at)
    ) p
    cross join lateral (select marketplace.score_needs(p.needs, p.total_weight, held) as score) s
    join marketplace.job_vectors v on v.job_id = p.job_id
    where (
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
      and exists (select from marketplace.packed_jobs j where j.job_id = v.job_id)
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;

comment on function marketplace.match_qualified_jobs is
  'match_jobs of the packed jobs for which a person qualifies';
