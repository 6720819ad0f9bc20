create or replace function education.follow_time_zone() returns trigger
language plpgsql
as $$
-- A profile that goes to another user changes the days of both. When all are truncated, whose were
-- not in UTC is not known any more: everybody's days are counted.
begin
  if tg_op = 'TRUNCATE' then
    perform education.recount_days(array_agg(user_id)) from education.learner_days;
  else
    perform education.recount_days(array_remove(array[old.user_id, new.user_id], null));
  end if;
  return null;
end
$$;

comment on function education.follow_time_zone()
is 'Counts a learner''s days anew when their time zone changes';
