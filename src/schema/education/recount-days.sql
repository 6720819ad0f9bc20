create or replace function education.recount_days(learners uuid[]) returns void
language plpgsql
as $$
-- Users are locked before their enrollments: nobody enrolls meanwhile. Every batch of events holds
-- an enrollment, so when all are locked no event is on its way, and the last statement, with a
-- snapshot of its own, sees them all.
begin
  perform from identity.users where id = any(learners) order by id for update;

  perform
  from education.enrollments
  where user_id = any(learners)
  order by user_id, course_id
  for no key update;

  update education.learner_days
  set days = (
    select coalesce(range_agg(daterange(active.day, active.day, '[]')), '{}')
    from (
      select distinct
        (events.occurred_at at time zone coalesce(profiles.time_zone, 'UTC'))::date as day
      from education.progress_events as events
      left join identity.user_profiles as profiles
        on profiles.user_id = events.user_id
      where events.user_id = learner_days.user_id
    ) as active
  )
  where user_id = any(learners);
end
$$;

comment on function education.recount_days(uuid[])
is 'Counts the active days of learners anew, from their events';
