create or replace function education.completion_time(
  learner uuid, course uuid, completed_revision integer
)
returns timestamptz
language sql stable
as $$
  -- The latest of the earliest completions of what the revision asks for: the same in whatever
  -- order they came.
  select max(progress.completed_at)
  from education.revision_modules as modules
  join education.module_progress as progress
    on progress.user_id = learner
    and progress.course_id = modules.course_id
    and progress.module_id = modules.module_id
  where modules.course_id = course
    and modules.revision = completed_revision
    and not modules.is_optional
$$;

comment on function education.completion_time(uuid, uuid, integer)
is 'When a learner completed the last module that a revision asks for';
