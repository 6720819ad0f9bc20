comment on table marketplace.user_skills is 'A skill that a user holds, at a level';

create or replace trigger user_skills_touch
before update on marketplace.user_skills
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function marketplace.check_endorsements_counted() returns trigger
language plpgsql
as $$
-- Inside count_endorsements this trigger is the second one deep; under a plain statement it is the
-- first.
begin
  if tg_op = 'INSERT' or pg_trigger_depth() = 1 then
    raise exception 'endorsements of user % are counted from skill_endorsements, not written',
      new.user_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'user_skills',
        constraint = 'user_skills_endorsements_counted_check';
  end if;
  return new;
end
$$;

comment on function marketplace.check_endorsements_counted()
is 'Lets only the count of endorsements change user_skills.endorsements';

create or replace function marketplace.forget_verification() returns trigger
language plpgsql
as $$
-- Whoever verified a skill at a level has not verified another one, or another level, unless the
-- same statement says so.
begin
  new.verified_at := null;
  new.verified_by := null;
  return new;
end
$$;

comment on function marketplace.forget_verification()
is 'Takes the verification from what becomes another skill or level';

create or replace trigger user_skills_endorsements_counted_inserted
before insert on marketplace.user_skills
for each row when (new.endorsements > 0)
execute function marketplace.check_endorsements_counted();

create or replace trigger user_skills_endorsements_counted_updated
before update on marketplace.user_skills
for each row when (old.endorsements is distinct from new.endorsements)
execute function marketplace.check_endorsements_counted();

create or replace trigger user_skills_forget_verification
before update on marketplace.user_skills
for each row when (
  (old.user_id, old.skill_id, old.level) is distinct from (new.user_id, new.skill_id, new.level)
  and old.verified_at is not null
  and (old.verified_at, old.verified_by) is not distinct from (new.verified_at, new.verified_by)
)
execute function marketplace.forget_verification();
