create or replace function marketplace.reindex_jobs(
  after_job uuid, chunk integer, retried uuid[],
  out last_job uuid, out done integer, out skipped uuid[]
)
language plpgsql
as $$
-- Takes what nobody holds, so that it neither waits for an open writer with other jobs locked nor
-- meets one head-on; the caller asks for the skipped ones again.
declare
  chosen uuid[] := retried;
  free_ids uuid[];
begin
  if chosen is null then
    select array_agg(job_id) into chosen
    from (
      select job_id
      from marketplace.job_vectors
      where total_weight > 0
        and (after_job is null or job_id > after_job)
      order by job_id
      limit chunk
    ) next_jobs;
  end if;
  perform pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0);
  select array_agg(job_id) into free_ids
  from (
    select job_id
    from marketplace.job_vectors
    where job_id = any (chosen)
    order by job_id
    for update skip locked
  ) free_jobs;
  if free_ids is not null then
    perform marketplace.index_jobs(free_ids);
  end if;
  last_job := chosen[cardinality(chosen)];
  skipped := array(
    select v.job_id
    from marketplace.job_vectors v
    where v.job_id = any (chosen)
      and v.job_id <> all (coalesce(free_ids, '{}'))
  );
  done := coalesce(cardinality(chosen), 0) - cardinality(skipped);
end
$$;

comment on function marketplace.reindex_jobs(uuid, integer, uuid[])
is 'Brings the next jobs up to date, leaving out those that somebody holds';
