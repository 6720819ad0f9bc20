create or replace function marketplace.set_user_skills(
  person uuid, skill_ids integer[], levels marketplace.skill_level[]
) returns boolean
language plpgsql
as $$
-- Unlike that of set_job_skills, the lock is an update that changes nothing: at higher isolation it
-- lets the second caller fail, as the changed vector of a job does. After a mere lock that caller
-- would add to skills it cannot see.
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

comment on function marketplace.set_user_skills
is 'Makes these the skills of a user; false for a user who is not there';
