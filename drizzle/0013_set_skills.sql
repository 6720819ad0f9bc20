-- How the skills of a job and of a user are set as a whole, and how many a job may have. Every statement
-- may run again, because `push` applies this file to a database that may have it already. A trigger takes
-- SHARE ROW EXCLUSIVE for a moment; jobs that have more than 500 skills already are left alone until
-- somebody adds one more.

-- The lock comes first, in a statement of its own: whoever waited for it then sees what the other caller
-- left, so the result is always one caller's set, never a union. Rows of one job are changed under its
-- lock only, which is why two callers cannot deadlock over them.
create or replace function marketplace.set_job_skills(
  job uuid, skill_ids integer[], levels marketplace.skill_level[], required_flags boolean[]
) returns boolean
language plpgsql
as $$
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
--> statement-breakpoint
comment on function marketplace.set_job_skills is 'Makes these the skills of a job; false for a job that is not there';
--> statement-breakpoint
-- Here the lock is an update that changes nothing: at higher isolation it lets the second caller fail, as
-- the changed vector of a job does. After a mere lock that caller would add to skills it cannot see.
create or replace function marketplace.set_user_skills(
  person uuid, skill_ids integer[], levels marketplace.skill_level[]
) returns boolean
language plpgsql
as $$
begin
  update identity.users
  set updated_at = updated_at
  where id = person
  and deleted_at is null;
  if not found then
    return false;
  end if;

  delete from marketplace.user_skills us
  where us.user_id = person
  and us.skill_id <> all (skill_ids);

  -- Whoever verified a level has not verified another.
  insert into marketplace.user_skills (user_id, skill_id, level)
  select person, given.skill_id, given.level
  from unnest(skill_ids, levels) as given (skill_id, level)
  order by given.skill_id
  on conflict (user_id, skill_id) do update
  set level = excluded.level, verified_at = null, verified_by = null
  where user_skills.level <> excluded.level;
  return true;
end
$$;
--> statement-breakpoint
comment on function marketplace.set_user_skills is 'Makes these the skills of a user; false for a user who is not there';
--> statement-breakpoint
-- Matching counts a job's weight in small integers. These triggers come after those that maintain the
-- index, in order of their names, because these hold the lock on the job's vector by then: so what two
-- transactions add at the same time is counted together.
create or replace function marketplace.check_skill_count() returns trigger
language plpgsql
as $$
declare
  full_job uuid;
begin
  select c.job_id into full_job
  from (select distinct n.job_id from new_skills n) c
  where (
    select count(*)
    from marketplace.job_skills js
    where js.job_id = c.job_id
  ) > 500
  limit 1;
  if found then
    raise exception 'job % would ask for more than 500 skills', full_job
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_skills',
        constraint = 'job_skills_count_check';
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function marketplace.check_skill_count() is 'Refuses a job with more than 500 skills';
--> statement-breakpoint
create or replace trigger job_skills_most_inserted
after insert on marketplace.job_skills
referencing new table as new_skills
for each statement execute function marketplace.check_skill_count();
--> statement-breakpoint
create or replace trigger job_skills_most_updated
after update on marketplace.job_skills
referencing new table as new_skills
for each statement execute function marketplace.check_skill_count();
