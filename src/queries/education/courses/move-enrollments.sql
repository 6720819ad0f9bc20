create or replace function education.move_enrollments(
  target uuid, target_revision integer, chunk integer
)
returns table (
  learner_id uuid, from_revision integer,
  from_status education.enrollment_status, from_done_weight integer, from_total_weight integer,
  to_status education.enrollment_status, to_done_weight integer, to_total_weight integer
)
language plpgsql
as $$
-- Moves up to so many learners to a revision, as its policy says, and tells what became of each.
-- Who is moved is not behind any more, so calling it again goes on where it stopped. Enrollments
-- are locked in key order, as everywhere; the statement after that sees them as locked. When others
-- moved or dropped all of the chunk while it waited for them, it looks again: nobody moved means
-- that nobody was behind.
declare
  learners uuid[];
begin
  loop
    select array_agg(user_id) into learners
    from (
      select user_id
      from education.enrollments
      where course_id = target
        and revision < target_revision
        and status <> 'DROPPED'
        and exists (
          select from education.course_revisions
          where course_id = target and revision = target_revision and policy <> 'PIN'
        )
      order by revision, user_id
      limit chunk
    ) as behind;
    exit when learners is null;

    perform
    from education.enrollments
    where user_id = any(learners) and course_id = target
    order by user_id
    for no key update;

    return query
    with sources as (
      select
        enrollments.*, revisions.policy, revisions.total_weight as next_total_weight,
        coalesce((
          select sum(modules.weight)
          from education.revision_modules as modules
          join education.module_progress as progress
            on progress.user_id = enrollments.user_id
            and progress.course_id = modules.course_id
            and progress.module_id = modules.module_id
          where modules.course_id = target
            and modules.revision = target_revision
            and not modules.is_optional
            and progress.completed_at is not null
        ), 0)::integer as next_done_weight
      from education.enrollments
      join education.course_revisions as revisions
        on revisions.course_id = target and revisions.revision = target_revision
      where enrollments.user_id = any(learners)
        and enrollments.course_id = target
        and enrollments.revision < target_revision
        and enrollments.status <> 'DROPPED'
    ),
    moves as (
      select
        *,
        case
          when next_done_weight = next_total_weight or (policy = 'KEEP' and status = 'COMPLETED')
            then 'COMPLETED'::education.enrollment_status
          else 'ACTIVE'
        end as next_status
      from sources
    ),
    moved_enrollments as (
      update education.enrollments
      set revision = target_revision,
        status = next_status,
        done_weight = next_done_weight,
        total_weight = next_total_weight,
        completed_revision = case
          when next_status = 'COMPLETED'
            then coalesce(enrollments.completed_revision, target_revision)
        end,
        completed_at = case
          when next_status = 'COMPLETED' then coalesce(
            enrollments.completed_at,
            greatest(
              enrollments.enrolled_at,
              education.completion_time(enrollments.user_id, target, target_revision)
            )
          )
        end,
        updated_at = clock_timestamp()
      from moves
      where enrollments.user_id = moves.user_id and enrollments.course_id = target
    ),
    completions as (
      insert into education.course_completions (user_id, course_id, revision)
      select user_id, target, target_revision
      from moves
      where status = 'ACTIVE' and next_status = 'COMPLETED'
      order by user_id
      on conflict on constraint course_completions_pkey do nothing
    )
    select
      user_id, revision,
      status, done_weight, total_weight,
      next_status, next_done_weight, next_total_weight
    from moves
    order by user_id;
    exit when found;
  end loop;
end
$$;

comment on function education.move_enrollments(uuid, integer, integer)
is 'Moves learners who are behind to a revision, as its policy says';
