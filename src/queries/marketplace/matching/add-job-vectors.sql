create or replace function marketplace.add_job_vectors(job_ids uuid[]) returns void
language plpgsql
as $$
-- Skills can be there already when one statement inserts both, or a trigger on jobs adds skills.
declare
  skilled_ids uuid[];
begin
  insert into marketplace.job_vectors
    (job_id, needs, codes, total_weight, skill_bits, posted_at, expires_at, remote, location,
      currency, top_salary)
  select id, '{}', '{}', 0, 0::bit(256), posted_at, expires_at, remote,
    public.fold_text(location), currency, coalesce(salary_max, salary_min)
  from marketplace.jobs
  where id = any (job_ids);

  select array_agg(id) into skilled_ids
  from unnest(job_ids) as added (id)
  where exists (select from marketplace.job_skills where job_id = id);
  if skilled_ids is not null then
    perform marketplace.index_jobs(skilled_ids);
  end if;
end
$$;

comment on function marketplace.add_job_vectors(uuid[]) is 'Gives new jobs their vectors';
