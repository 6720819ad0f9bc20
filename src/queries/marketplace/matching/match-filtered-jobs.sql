create or replace function marketplace.match_filtered_jobs(
  held marketplace.held_skills, most integer, wanted integer, qualified_only boolean,
  filter marketplace.job_filter,
  out is_done boolean, out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
set jit = off
as $$
-- Few jobs pass a selective filter, so all of them are scored. The values are written into the text
-- of the statement, so that it is planned for them. Returns nothing when more than `most` pass.
declare
  passing constant text := concat_ws(' and ', 'v.total_weight > 0',
    'v.remote = ' || quote_literal(filter.remote_only),
    'v.location = ' || quote_literal(filter.place),
    'v.currency = ' || quote_literal(filter.pay_currency),
    'v.top_salary >= ' || quote_literal(filter.least_salary));
  passing_count integer;
begin
  execute format(
    'select count(*) from (select from marketplace.job_vectors v where %s limit %s) j',
    passing, most + 1
  )
    into passing_count;
  is_done := passing_count <= most;
  if not is_done then
    return;
  end if;
  execute format($query$
    select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
    from (
      select v.job_id, s.score, v.posted_at
      from marketplace.job_vectors v
      cross join lateral (select marketplace.score_needs(v.needs, v.total_weight, $1) as score) s
      where %s
        and v.skill_bits <> v.skill_bits & ($1).missing_bits
        and s.score > 0
        and (v.expires_at is null or v.expires_at > $3)
        and (
          not $4
          or public.icount(v.codes operator(public.&) ($1).full_required)
            = v.total_weight - cardinality(v.needs)
        )
        and ($5 is null or (s.score, v.posted_at, v.job_id) < ($5, $6, $7))
      order by s.score desc, v.posted_at desc, v.job_id desc
      limit $2
    ) m
  $query$, passing)
    into job_ids, scores, posted
    using held, wanted, filter.at, qualified_only, filter.after_score, filter.after_posted,
      filter.after_job;
end
$$;

comment on function marketplace.match_filtered_jobs is 'match_jobs for a filter that few jobs pass';
