comment on table education.course_completions
is 'A learner''s completion of a revision, and the event that told of it';

create or replace function education.publish_completions() returns trigger
language plpgsql
as $$
begin
  insert into platform.events (id, type, source, data)
  select
    completions.event_id, 'course.completed', 'education',
    jsonb_build_object(
      'userId', completions.user_id,
      'courseId', completions.course_id,
      'revision', completions.revision,
      'completedAt', to_char(
        enrollments.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
      )
    )
  from new_completions as completions
  join education.enrollments
    on enrollments.user_id = completions.user_id and enrollments.course_id = completions.course_id
  order by completions.event_id;
  return null;
end
$$;

comment on function education.publish_completions()
is 'Publishes course.completed in the transaction that completed the course';

create or replace trigger course_completions_append_only
before update or truncate on education.course_completions
for each statement execute function platform.forbid_change();

create or replace trigger course_completions_no_loss
before delete on education.course_completions
for each row execute function education.forbid_loss();

create or replace trigger course_completions_publish
after insert on education.course_completions
referencing new table as new_completions
for each statement execute function education.publish_completions();
