create or replace function marketplace.sample_matches(
  held marketplace.held_skills, wanted integer, qualified_only boolean,
  filter marketplace.job_filter,
  out one_in integer, out nth integer, out scores integer[], out posted timestamptz[]
)
language plpgsql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
-- How good the best matches are, from one job in 16: the score of the n-th best match of a sample
-- of one in m is about that of the n * m-th best of all, and `nth` is the one to begin with. One in
-- 256 tells what is too little to be read of one in 16, and where even it has full matches, it is
-- enough. What seems best by the signature is scored; more of it when a filter or a cursor leaves
-- most jobs out.
declare
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  last_share integer := 0;
  least_score integer := 5000;
begin
  loop
    one_in := 256 >> 4 * last_share;
    nth := 1 + 2 * wanted / one_in;
    select array_agg(m.score), array_agg(m.posted_at)
    into scores, posted
    from (
      select s.score, v.posted_at
      from (
        select p.job_id, marketplace.score_needs(p.needs, p.total_weight, held) as score
        from (
          select distinct p.job_id, p.total_weight, p.needs
          from (
            select p.job_id, p.total_weight, p.needs
            from (
              select h.skill_id, n.share
              from unnest(held.skill_ids) h (skill_id)
              cross join generate_series(0, last_share) n (share)
              offset 0
            ) r
            join marketplace.skill_postings p
              on p.skill_id = r.skill_id
              and marketplace.sample_share(p.job_id) = r.share
              and marketplace.sample_share(p.job_id) < 2
              and p.bound >= least_score
              and (p.total_weight - bit_count(p.skill_bits & held.missing_bits)) * 10000
                >= p.total_weight * least_score
              and (not qualified_only or bit_count(p.skill_bits & required_missing) = 0)
            order by bit_count(p.skill_bits & held.missing_bits) * 10000 / p.total_weight
            limit case when is_narrowed or qualified_only then 50 else 5 end * (wanted + 3)
          ) p
        ) p
      ) s
      join marketplace.job_vectors v on v.job_id = s.job_id
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
        and (
          not qualified_only
          or public.icount(v.codes operator(public.&) held.full_required)
            = v.total_weight - cardinality(v.needs)
        )
      order by s.score desc, v.posted_at desc
      limit 2 * wanted
    ) m;
    exit when last_share = 1 or scores[nth] = 10000;
    if scores[1 + nth] is null and least_score > 0 then
      least_score := 0;
    else
      last_share := 1;
      least_score := coalesce(scores[1 + nth], 0);
    end if;
  end loop;
end
$$;

comment on function marketplace.sample_matches is
  'The best matches among a share of the jobs, to guess the least score of a page from';
