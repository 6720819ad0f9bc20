create or replace function marketplace.set_job_skills(
  job uuid, skill_ids integer[], levels marketplace.skill_level[], required_flags boolean[]
) returns boolean
language plpgsql
as $$
-- The lock comes first, in a statement of its own: whoever waited for it then sees what the other
-- caller left, so the result is always one caller's set, never a union. Rows of one job are changed
-- under its lock only, which is why two callers cannot deadlock over them.
begin
  perform from marketplace.jobs
  where id = job
    and deleted_at is null
  for no key update;
  if not found then
    return false;
  end if;

  delete from marketplace.job_skills js
  where js.job_id = job
    and js.skill_id <> all (skill_ids);

  insert into marketplace.job_skills (job_id, skill_id, level, required)
  select job, given.skill_id, given.level, given.required
  from unnest(skill_ids, levels, required_flags) as given (skill_id, level, required)
  order by given.skill_id
  on conflict (job_id, skill_id) do update
  set level = excluded.level, required = excluded.required
  where (job_skills.level, job_skills.required) <> (excluded.level, excluded.required);
  return true;
end
$$;

comment on function marketplace.set_job_skills
is 'Makes these the skills of a job; false for a job that is not there';
