create or replace function education.enroll(learner uuid, course uuid, at timestamptz)
returns text
language plpgsql
as $$
-- FOR SHARE on the course keeps a new revision from being published between the look and the
-- commit: who moves learners to a revision after it was published sees everyone that enrolled in
-- the one before. The user is not locked: who is deleted meanwhile enrolled before.
declare
  open_course education.courses;
  known_status education.enrollment_status;
begin
  select * into open_course from education.courses where id = course for share;
  if not found then
    return 'no course';
  end if;
  perform from identity.users where id = learner and deleted_at is not null;
  if found then
    return 'no user';
  end if;

  update education.enrollments
  set status = 'ACTIVE', dropped_at = null, updated_at = clock_timestamp()
  where user_id = learner
    and course_id = course
    and status = 'DROPPED'
    and open_course.status = 'PUBLISHED';
  if found then
    return 'returned';
  end if;

  select status into known_status
  from education.enrollments
  where user_id = learner and course_id = course;
  if open_course.status <> 'PUBLISHED' and coalesce(known_status, 'DROPPED') = 'DROPPED' then
    return 'not open';
  elsif known_status is not null then
    return 'there';
  end if;

  insert into education.enrollments
    (user_id, course_id, revision, total_weight, enrolled_at, last_activity_at)
  select learner, course, revisions.revision, revisions.total_weight, at, at
  from education.course_revisions as revisions
  where revisions.course_id = course and revisions.revision = open_course.revision
  on conflict (user_id, course_id) do nothing;
  return case when found then 'new' else 'there' end;
end
$$;

comment on function education.enroll(uuid, uuid, timestamptz)
is 'Puts a learner into the published revision of a course, once';
