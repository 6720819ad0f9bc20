create or replace function marketplace.match_jobs(
  person uuid, wanted integer, qualified_only boolean, filter marketplace.job_filter
) returns table (job_id uuid, score integer, posted_at timestamptz)
language plpgsql stable rows 20
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
-- A round reads every posting that can belong to a score of t or more: bound >= t from the job's
-- side; from the person's side, with n of their skills at or after this one, at most 2 n of the
-- weight can match, so the job cannot be heavier than 2 n / t. The signature counts what is surely
-- missing. Of those that can have t and not more, only jobs posted since `since` count. What is
-- left is scored once for each job, from the needs that the posting carries; only who reaches t is
-- looked up. When the last wanted match is at or above (t, since), nothing unread can beat or tie
-- it; otherwise both are lowered. The first t is that of the packed jobs, when they alone fill the
-- page, or guessed from a sample, so that one round does nearly always. The planner knows nothing
-- of what the arrays hold and must not try: the plan is nested index scans. Of a function it
-- expects a thousand rows, for which, among 100,000 jobs, matchJobs read all of them: hence `rows`.
#variable_conflict use_column
declare
  -- Its arrays are read as fields: copied into variables they would be unpacked at every call.
  held constant marketplace.held_skills := marketplace.read_held_skills(person);
  is_filtered constant boolean :=
    num_nonnulls(filter.remote_only, filter.place, filter.pay_currency) > 0;
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  missing constant bit(256) := held.missing_bits;
  -- Up to so many jobs that pass a filter, scoring them all is the faster way.
  most integer := coalesce(
    nullif(current_setting('azora_db.score_all_up_to', true), '')::integer, 2000
  );
  filtered record;
  packed record;
  is_packed_done boolean := false;
  is_sampled boolean := false;
  sample record;
  nth integer;
  guessed integer;
  t integer;
  since timestamptz;
  since_minute integer;
  range_skills integer[];
  range_classes smallint[];
  range_weights integer[];
  job_ids uuid[];
  scores integer[];
  posted timestamptz[];
begin
  if held.skill_ids is null then
    return;
  end if;
  -- As job_vectors has it.
  filter.place := public.fold_text(filter.place);

  for attempt in 1..2 loop
    if is_filtered then
      filtered := marketplace.match_filtered_jobs(held, most, wanted, qualified_only, filter);
      if filtered.is_done then
        return query select * from unnest(filtered.job_ids, filtered.scores, filtered.posted);
        return;
      end if;
    end if;
    if qualified_only then
      packed := marketplace.match_qualified_jobs(held, wanted, filter);
      is_packed_done := true;
    elsif not is_packed_done then
      -- When the first thousand candidates do not fill the page, few jobs pass the filter, maybe.
      packed := marketplace.match_packed_jobs(
        person, held, case when is_filtered and attempt = 1 then 2 else 20 end, wanted, filter
      );
      is_packed_done := packed.is_done;
    end if;
    -- Where many jobs are not packed, the best of the packed ones say too little of them.
    exit when attempt = 2 or (cardinality(packed.job_ids) = wanted and (
      select p.reltuples * 10 >= v.reltuples * 9
      from pg_class p, pg_class v
      where p.oid = 'marketplace.packed_jobs'::regclass
        and v.oid = 'marketplace.job_vectors'::regclass
    ));
    sample := marketplace.sample_matches(held, wanted, qualified_only, filter);
    nth := sample.nth;
    is_sampled := true;
    -- Too few matches for a guess: then all that pass the filter are few enough for this.
    exit when is_packed_done
      and (cardinality(packed.job_ids) = wanted or cardinality(sample.scores) >= nth);
    most := 50 * most;
  end loop;

  loop
    guessed := 0;
    if is_sampled then
      guessed := coalesce(sample.scores[nth], 0);
    end if;
    if cardinality(packed.job_ids) = wanted and guessed <= packed.scores[wanted] then
      t := packed.scores[wanted];
      since := packed.posted[wanted];
    -- A guess that was too high costs less than one that is too low, so t falls by a tenth at most
    -- while there are guesses; when there are none left, few jobs match at all, and t falls fast.
    elsif t is null or guessed * 10 >= t * 9 then
      t := guessed;
      since := case when t = 0 then '-infinity' else sample.posted[nth] end;
      nth := nth + 1 + wanted / sample.one_in;
    else
      t := case when guessed > 0 then t * 9 / 10 when t > 200 then t / 2 else 0 end;
      since := '-infinity';
    end if;
    since_minute := case
      when since = '-infinity' then -2147483648
      else marketplace.minute_of(since)
    end;

    select array_agg(h.skill_id), array_agg(c.size_class),
      array_agg(case when t = 0 then 32767 else least(32767, 20000 * h.reach / t) end)
    into range_skills, range_classes, range_weights
    from unnest(held.skill_ids, held.reaches) h (skill_id, reach)
    join unnest(array[0, 1, 2, 3, 4, 5]::smallint[], array[1, 9, 17, 25, 33, 49])
      c (size_class, least_weight)
      on c.least_weight * t <= 20000 * h.reach;

    select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
    into job_ids, scores, posted
    from (
      select v.job_id, s.score, v.posted_at
      from (
        select p.job_id, marketplace.score_needs(p.needs, p.total_weight, held) as score,
          p.least_score
        from (
          select distinct on (p.job_id) p.job_id, p.needs, p.total_weight, l.least_score
          from unnest(range_skills, range_classes, range_weights)
            r (skill_id, size_class, most_weight)
          join marketplace.skill_postings p
            on p.skill_id = r.skill_id
            and p.size_class = r.size_class
            and (p.bound, p.posted_minute) >= (t, since_minute)
            and p.total_weight <= r.most_weight
          cross join lateral (
            select case when p.posted_minute >= since_minute then t else t + 1 end
          ) l (least_score)
          where (p.total_weight - bit_count(p.skill_bits & missing)) * 10000
            >= p.total_weight * l.least_score
            and (not qualified_only or bit_count(p.skill_bits & required_missing) = 0)
        ) p
      ) s
      join marketplace.job_vectors v on v.job_id = s.job_id
      where s.score >= greatest(1, s.least_score)
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
        and (
          not qualified_only
          or public.icount(v.codes operator(public.&) held.full_required)
            = v.total_weight - cardinality(v.needs)
        )
      union all
      select * from unnest(packed.job_ids, packed.scores, packed.posted)
      order by score desc, posted_at desc, job_id desc
      limit wanted
    ) m;

    if t = 0
      or (cardinality(job_ids) = wanted and (scores[wanted], posted[wanted]) >= (t, since))
    then
      return query select * from unnest(job_ids, scores, posted);
      return;
    end if;
  end loop;
end
$$;

comment on function marketplace.match_jobs is
  'The open jobs that fit a person best: score, then the newer, then the greater id';
