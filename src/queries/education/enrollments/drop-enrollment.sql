create or replace function education.drop_enrollment(learner uuid, course uuid, at timestamptz)
returns setof education.enrollments
language plpgsql
as $$
-- Locks the enrollment first, so that what it returns is what it decided by. Without a time of the
-- caller it is now, in the milliseconds that clients have.
begin
  perform
  from education.enrollments
  where user_id = learner and course_id = course
  for no key update;

  update education.enrollments
  set status = 'DROPPED',
    dropped_at = coalesce(at, greatest(enrolled_at, date_trunc('milliseconds', clock_timestamp()))),
    updated_at = clock_timestamp()
  where user_id = learner and course_id = course and status = 'ACTIVE';

  return query select * from education.enrollments where user_id = learner and course_id = course;
end
$$;

comment on function education.drop_enrollment(uuid, uuid, timestamptz)
is 'Takes an active learner out of a course, and returns the enrollment';
