create or replace function spike.match_jobs(
  person uuid, wanted integer, at timestamptz, qualified_only boolean, remote_only boolean,
  place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid
) returns table (job_id uuid, score integer, posted_at timestamptz)
language plpgsql stable rows 20
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = on
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  held constant marketplace.held_skills := marketplace.read_held_skills(person);
  is_filtered constant boolean := num_nonnulls(remote_only, place, pay_currency) > 0;
  most integer := coalesce(nullif(current_setting('azora_db.score_all_up_to', true), '')::integer, 2000);
  filtered record;
  packed record;
  fresh record;
begin
  if held.skill_ids is null then
    return;
  end if;
  if is_filtered then
    filtered := marketplace.match_filtered_jobs(held, most, wanted, at, qualified_only, remote_only, place,
      least_salary, pay_currency, after_score, after_posted, after_job);
    if filtered.is_done then
      return query select * from unnest(filtered.job_ids, filtered.scores, filtered.posted);
      return;
    end if;
  end if;
  if qualified_only then
    packed := spike.match_qualified_jobs(held, wanted, at, remote_only, place, least_salary, pay_currency,
      after_score, after_posted, after_job);
    return query select * from unnest(packed.job_ids, packed.scores, packed.posted);
    return;
  end if;
  packed := spike.match_packed_jobs(person, held, 20, wanted, at, remote_only, place, least_salary, pay_currency,
    after_score, after_posted, after_job);
  fresh := spike.match_fresh_jobs(held, wanted, at, remote_only, place, least_salary, pay_currency,
    after_score, after_posted, after_job, coalesce(packed.scores[wanted], 0));
  return query
  select m.job_id, m.score, m.posted_at
  from (
    select * from unnest(packed.job_ids, packed.scores, packed.posted) p (job_id, score, posted_at)
    union all
    select * from unnest(fresh.job_ids, fresh.scores, fresh.posted)
  ) m
  order by m.score desc, m.posted_at desc, m.job_id desc
  limit wanted;
end
$$;
