comment on table identity.user_profiles
is 'What a user tells about themselves; one row for each user';

create or replace trigger user_profiles_touch
before update on identity.user_profiles
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function identity.check_time_zone() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- In a trigger and not in the check, so that rows are restored where the server's list lacks a
-- zone, and so that no parallel scan comes by the exception block.
begin
  perform timestamptz '2000-01-01 00:00:00+00' at time zone new.time_zone;
  return new;
exception when invalid_parameter_value then
  raise exception using
    errcode = 'check_violation',
    message = 'the server knows no time zone of this name',
    schema = 'identity',
    table = 'user_profiles',
    constraint = 'user_profiles_time_zone_check';
end
$$;

comment on function identity.check_time_zone()
is 'Refuses a time zone that the server does not know';

-- After the check, which knows the form of the names that JavaScript reads alike.
create or replace trigger user_profiles_check_time_zone
after insert or update of time_zone on identity.user_profiles
for each row when (new.time_zone <> 'UTC')
execute function identity.check_time_zone();

create or replace trigger user_profiles_recount_days
after update of user_id, time_zone on identity.user_profiles
for each row when ((old.user_id, old.time_zone) <> (new.user_id, new.time_zone))
execute function education.follow_time_zone();

-- Without a profile days are counted in UTC, which is also the default of a new profile.
create or replace trigger user_profiles_count_days
after insert on identity.user_profiles
for each row when (new.time_zone <> 'UTC')
execute function education.follow_time_zone();

create or replace trigger user_profiles_forget_time_zone
after delete on identity.user_profiles
for each row when (old.time_zone <> 'UTC')
execute function education.follow_time_zone();

create or replace trigger user_profiles_forget_time_zones
after truncate on identity.user_profiles
for each statement execute function education.follow_time_zone();
