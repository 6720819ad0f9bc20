create or replace function education.publish_course(
  target uuid, existing_learners education.revision_policy, at timestamptz
)
returns integer
language plpgsql
as $$
-- Copies the draft into a new revision. Raises what is wrong with the draft like a constraint
-- would.
declare
  draft education.courses;
  next_revision integer;
begin
  -- Keeps enrollments and other drafts waiting, and lets foreign keys to the course be checked:
  -- progress goes on.
  select * into draft from education.courses where id = target for no key update;
  if not found then
    return null;
  elsif draft.status = 'ARCHIVED' then
    raise exception 'course % is archived', target
      using errcode = 'check_violation', constraint = 'courses_publish_open_check';
  end if;
  next_revision := coalesce(draft.revision, 0) + 1;

  perform
  from education.course_modules
  where course_id = target and removed_at is null and not is_optional;
  if not found then
    raise exception 'course % has no module that counts', target
      using errcode = 'check_violation', constraint = 'courses_publish_has_modules_check';
  end if;

  if education.has_prerequisite_cycle(target) then
    raise exception 'a module of course % asks for itself, by way of others', target
      using errcode = 'check_violation', constraint = 'courses_publish_acyclic_check';
  end if;

  insert into education.course_revisions
    (course_id, revision, policy, total_weight, module_count, prerequisite_count, published_at)
  select
    target, next_revision, existing_learners, sum(weight) filter (where not is_optional), count(*),
    (select count(*) from education.module_prerequisites where course_id = target), at
  from education.course_modules
  where course_id = target and removed_at is null;

  insert into education.revision_modules (
    course_id, revision, module_id, position, title, content, weight, is_optional,
    prerequisites_needed
  )
  select
    target, next_revision, id, row_number() over (order by position) - 1, title, content, weight,
    is_optional, coalesce(prerequisites_needed, prerequisites.count)
  from education.course_modules as modules
  cross join lateral (
    select count(*)
    from education.module_prerequisites
    where course_id = modules.course_id and module_id = modules.id
  ) as prerequisites
  where course_id = target and removed_at is null;

  perform
  from education.revision_modules as modules
  where course_id = target
    and revision = next_revision
    and prerequisites_needed > (
      select count(*)
      from education.module_prerequisites
      where course_id = target and module_id = modules.module_id
    );
  if found then
    raise exception 'a module of course % asks for more prerequisites than it has', target
      using errcode = 'check_violation', constraint = 'courses_publish_prerequisites_needed_check';
  end if;

  insert into education.revision_prerequisites (course_id, revision, module_id, prerequisite_id)
  select target, next_revision, module_id, prerequisite_id
  from education.module_prerequisites
  where course_id = target;

  update education.courses
  set status = 'PUBLISHED', revision = next_revision, published_at = coalesce(published_at, at)
  where id = target;
  return next_revision;
end
$$;

comment on function education.publish_course(uuid, education.revision_policy, timestamptz)
is 'Publishes the draft of a course as its next revision';
