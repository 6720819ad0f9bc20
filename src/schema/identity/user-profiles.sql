comment on table identity.user_profiles
is 'What a user tells about themselves; one row for each user';

create or replace trigger user_profiles_touch
before update on identity.user_profiles
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

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
