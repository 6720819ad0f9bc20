-- Places come best first, of equal ones in any order. Of those that could tie with the last one that is wanted, only the newer
-- ones are looked up: where thousands match in full, a time in packed_jobs says which.
create or replace function spike.match_slots(
  slots bigint[], shares integer[], held marketplace.held_skills, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
declare
  ordered_ids uuid[];
  ordered_shares integer[];
  ordered_minutes integer[];
  first integer := 1;
  size integer := 3 * wanted;
begin
  -- A place whose job has left it has no row.
  select array_agg(p.job_id order by c.share desc, p.posted_minute desc), array_agg(c.share order by c.share desc, p.posted_minute desc),
    array_agg(p.posted_minute order by c.share desc, p.posted_minute desc)
  into ordered_ids, ordered_shares, ordered_minutes
  from unnest(slots, shares) c (slot, share)
  join spike.packed_jobs p on p.slot = c.slot;

  while first <= coalesce(cardinality(ordered_ids), 0) loop
    select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
    into job_ids, scores, posted
    from (
      select v.job_id, s.score, v.posted_at
      from unnest(ordered_ids[first : first + size - 1], ordered_shares[first : first + size - 1], ordered_minutes[first : first + size - 1])
        c (job_id, share, posted_minute)
      join marketplace.job_vectors v on v.job_id = c.job_id
      cross join lateral (select marketplace.score_needs(v.needs, v.total_weight, held) as score) s
      where s.score > 0
      and (coalesce(cardinality(job_ids), 0) < wanted
        or (least(10000, (c.share + 1) * 10000 / 1900), c.posted_minute) >= (scores[wanted], marketplace.minute_of(posted[wanted])))
      and (v.expires_at is null or v.expires_at > at)
      and (remote_only is null or v.remote = remote_only)
      and (place is null or v.location = lower(place))
      and (pay_currency is null or v.currency = pay_currency)
      and (least_salary is null or v.top_salary >= least_salary)
      and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
      union all
      select * from unnest(job_ids, scores, posted)
      order by score desc, posted_at desc, job_id desc
      limit wanted
    ) m;
    first := first + size;
    size := size * 4;
  end loop;
end
$$;
