comment on table education.course_completions
is 'A learner''s completion of a revision, and the event that told of it';

create or replace function education.check_completions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  claimed record;
begin
  select completions.user_id, completions.course_id, completions.revision into claimed
  from new_completions as completions
  where not exists (
      select from education.course_revisions as revisions
      where revisions.course_id = completions.course_id
        and revisions.revision = completions.revision
    )
    or exists (
      select
      from education.revision_modules as required
      left join education.module_progress as done
        on done.user_id = completions.user_id
        and done.course_id = required.course_id
        and done.module_id = required.module_id
      where required.course_id = completions.course_id
        and required.revision = completions.revision
        and not required.is_optional
        and done.completed_at is null
    )
    -- Who has the modules of another revision as well has completed only their own.
    or not exists (
      select from education.enrollments
      where enrollments.user_id = completions.user_id
        and enrollments.course_id = completions.course_id
        and enrollments.completed_revision = completions.revision
    )
  limit 1;
  if found then
    raise exception 'user % has not completed revision % of course %',
      claimed.user_id, claimed.revision, claimed.course_id
      using errcode = 'check_violation', schema = 'education', table = 'course_completions',
        constraint = 'course_completions_earned_check';
  end if;
  return null;
end
$$;

comment on function education.check_completions()
is 'Refuses the completion of a revision that its enrollment has not completed';

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

-- Before it is published: triggers fire in the order of their names.
create or replace trigger course_completions_earned
after insert on education.course_completions
referencing new table as new_completions
for each statement execute function education.check_completions();

create or replace trigger course_completions_publish
after insert on education.course_completions
referencing new table as new_completions
for each statement execute function education.publish_completions();
