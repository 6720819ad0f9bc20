-- What keeps progress exact when callers' transactions see an older snapshot, what a profile is to the days of its
-- learner, what publishing costs, and who may enroll. Functions are replaced as a whole and keep their comments. Locks
-- nothing but for two triggers on user_profiles, which take SHARE ROW EXCLUSIVE for a moment. What was stored wrong before
-- stays: `verifyProgress` lists it, and education.recount_days counts days anew.

-- Each statement of the function has a snapshot of its own, so what follows the lock sees what the lock waited
-- for. Events are matched with enrollments that were locked, and no others: one that is made in between
-- is not enrolled yet. Everything written is a maximum, a minimum, a union or a sum over distinct events, and
-- so the same in whatever order the batches come.
-- Above READ COMMITTED there is one snapshot, perhaps from before the lock. Then the days are written even if they look
-- complete: if they were counted anew since, in another time zone, that is a conflict and the caller runs again.
-- The enrollments are locked by then, so the rows of modules can come in the order in which their keys to course_modules
-- are checked: by module, as whoever edits a draft locks them.
-- How far a client's clock may be off, either way, is part of the question and not of the state: an event is judged by
-- itself, whatever came before.
-- The plan is the generic one, made once a connection: planning would cost a single event more than running.
create or replace function education.record_progress(
  user_ids uuid[], event_ids uuid[], course_ids uuid[], module_ids uuid[],
  kinds education.progress_event_kind[], percents smallint[], positions text[], times timestamptz[],
  latest timestamptz, tolerance interval,
  out applied integer, out duplicates integer, out rejected_indexes integer[], out rejected_reasons text[]
)
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
declare
  are_locked boolean[];
  learners uuid[];
  courses uuid[];
  weights integer[];
  activities timestamptz[];
  new_completions boolean[];
  earlier_completions boolean[];
begin
  with locked_enrollments as materialized (
    select locked.user_id, locked.course_id
    from (
      select distinct offered.user_id, offered.course_id
      from unnest(user_ids, course_ids) as offered (user_id, course_id)
      order by offered.user_id, offered.course_id
    ) as keys
    cross join lateral (
      select enrollments.user_id, enrollments.course_id
      from education.enrollments
      where enrollments.user_id = keys.user_id and enrollments.course_id = keys.course_id
      for no key update
    ) as locked
  )
  select array_agg(
    (offered.user_id, offered.course_id) in (
      select locked_enrollments.user_id, locked_enrollments.course_id from locked_enrollments
    )
    order by offered.index
  )
  into are_locked
  from unnest(user_ids, course_ids) with ordinality as offered (user_id, course_id, index);

  with new_events as (
    insert into education.progress_events as stored
      (user_id, event_id, course_id, module_id, kind, percent, position, occurred_at)
    select distinct on (offered.user_id, offered.event_id)
      offered.user_id, offered.event_id, offered.course_id, offered.module_id,
      offered.kind, offered.percent, offered.position, offered.occurred_at
    from unnest(
      user_ids, event_ids, course_ids, module_ids, kinds, percents, positions, times, are_locked
    ) with ordinality as offered (
      user_id, event_id, course_id, module_id, kind, percent, position, occurred_at, is_locked, index
    )
    cross join lateral (
      select status, enrolled_at
      from education.enrollments
      where user_id = offered.user_id and course_id = offered.course_id
      offset 0
    ) as enrollments
    where offered.is_locked
      and enrollments.status <> 'DROPPED'
      and offered.occurred_at between enrollments.enrolled_at - tolerance and latest
      and exists (
        select
        from education.revision_modules as modules
        where modules.course_id = offered.course_id and modules.module_id = offered.module_id
      )
    order by offered.user_id, offered.event_id, offered.index
    on conflict on constraint progress_events_pkey do nothing
    returning
      stored.user_id, stored.event_id, stored.course_id, stored.module_id,
      stored.kind, stored.percent, stored.position, stored.occurred_at
  ),
  touched_modules as (
    select
      new_events.user_id, new_events.course_id, new_events.module_id,
      coalesce(max(new_events.percent), 0) as percent,
      (array_agg(new_events.position order by new_events.occurred_at desc, new_events.event_id desc)
        filter (where new_events.position is not null))[1] as position,
      max(new_events.occurred_at) filter (where new_events.position is not null) as position_at,
      (array_agg(new_events.event_id order by new_events.occurred_at desc, new_events.event_id desc)
        filter (where new_events.position is not null))[1] as position_event_id,
      min(new_events.occurred_at) as started_at,
      max(new_events.occurred_at) as last_activity_at,
      min(new_events.occurred_at) filter (where new_events.kind = 'completed') as completed_at
    from new_events
    group by new_events.user_id, new_events.course_id, new_events.module_id
  ),
  saved_modules as (
    insert into education.module_progress as saved
      (user_id, course_id, module_id, percent, position, position_at, position_event_id,
       started_at, last_activity_at, completed_at)
    select
      user_id, course_id, module_id, percent, position, position_at, position_event_id,
      started_at, last_activity_at, completed_at
    from touched_modules
    order by course_id, module_id, user_id
    on conflict on constraint module_progress_pkey do update
    set (position, position_at, position_event_id) = (
        select last.position, last.position_at, last.position_event_id
        from (values
          (saved.position, saved.position_at, saved.position_event_id),
          (excluded.position, excluded.position_at, excluded.position_event_id)
        ) as last (position, position_at, position_event_id)
        order by last.position_at desc nulls last, last.position_event_id desc
        limit 1
      ),
      percent = greatest(saved.percent, excluded.percent),
      started_at = least(saved.started_at, excluded.started_at),
      last_activity_at = greatest(saved.last_activity_at, excluded.last_activity_at),
      completed_at = least(saved.completed_at, excluded.completed_at)
  ),
  active_days as (
    select days.user_id, range_agg(daterange(days.day, days.day, '[]')) as days
    from (
      select distinct
        new_events.user_id,
        (new_events.occurred_at at time zone coalesce(profiles.time_zone, 'UTC'))::date as day
      from new_events
      left join lateral (
        select time_zone from identity.user_profiles where user_id = new_events.user_id offset 0
      ) as profiles on true
    ) as days
    group by days.user_id
  ),
  saved_days as (
    insert into education.learner_days as saved (user_id, days)
    select active_days.user_id, active_days.days
    from active_days
    left join lateral (
      select user_id, days from education.learner_days where user_id = active_days.user_id offset 0
    ) as known on true
    where known.user_id is null
      or not known.days @> active_days.days
      or current_setting('transaction_isolation') <> 'read committed'
    order by active_days.user_id
    on conflict on constraint learner_days_pkey do update
    set days = saved.days + excluded.days
  ),
  touched_enrollments as (
    select
      touched_modules.user_id, touched_modules.course_id,
      coalesce(sum(required.weight) filter (
        where touched_modules.completed_at is not null and known.completed_at is null
      ), 0)::integer as weight,
      max(touched_modules.last_activity_at) as last_activity_at,
      bool_or(touched_modules.completed_at is not null and known.completed_at is null) as has_new_completion,
      coalesce(bool_or(touched_modules.completed_at < known.completed_at), false) as has_earlier_completion
    from touched_modules
    cross join lateral (
      select revision
      from education.enrollments
      where user_id = touched_modules.user_id and course_id = touched_modules.course_id
      offset 0
    ) as enrollments
    left join lateral (
      select completed_at
      from education.module_progress
      where user_id = touched_modules.user_id
        and course_id = touched_modules.course_id
        and module_id = touched_modules.module_id
      offset 0
    ) as known on true
    left join lateral (
      select weight
      from education.revision_modules
      where course_id = touched_modules.course_id
        and revision = enrollments.revision
        and module_id = touched_modules.module_id
        and not is_optional
      offset 0
    ) as required on true
    group by touched_modules.user_id, touched_modules.course_id
  )
  select
    (select count(*) from new_events),
    array_agg(user_id), array_agg(course_id), array_agg(weight), array_agg(last_activity_at),
    array_agg(has_new_completion), array_agg(has_earlier_completion)
  into applied, learners, courses, weights, activities, new_completions, earlier_completions
  from touched_enrollments;

  -- A completion that counts for nothing in this revision may count in the next, and an earlier one may set the time of
  -- a later completion: the row changes all the same, so that who completes or moves the learner from an older snapshot
  -- is refused instead of missing it. A clock within the tolerance can be behind the enrollment, which a completion
  -- never is.
  with changed_enrollments as (
    update education.enrollments
    set done_weight = enrollments.done_weight + touched.weight,
      last_activity_at = greatest(enrollments.last_activity_at, touched.last_activity_at),
      status = case
        when completes then 'COMPLETED'
        else enrollments.status
      end,
      completed_revision = case
        when completes then enrollments.revision
        else enrollments.completed_revision
      end,
      completed_at = case
        when completes
          then greatest(
            enrollments.enrolled_at,
            education.completion_time(enrollments.user_id, enrollments.course_id, enrollments.revision)
          )
        when enrollments.status = 'COMPLETED' and touched.has_earlier_completion
          then greatest(
            enrollments.enrolled_at,
            education.completion_time(
              enrollments.user_id, enrollments.course_id, enrollments.completed_revision
            )
          )
        else enrollments.completed_at
      end,
      updated_at = clock_timestamp()
    from (
      select touched.*, known.status = 'ACTIVE' and known.done_weight + touched.weight = known.total_weight as completes
      from unnest(learners, courses, weights, activities, new_completions, earlier_completions)
        as touched (user_id, course_id, weight, last_activity_at, has_new_completion, has_earlier_completion)
      cross join lateral (
        select status, done_weight, total_weight
        from education.enrollments
        where user_id = touched.user_id and course_id = touched.course_id
        offset 0
      ) as known
    ) as touched
    where enrollments.user_id = touched.user_id
      and enrollments.course_id = touched.course_id
      and (
        touched.has_new_completion
        or touched.has_earlier_completion
        or touched.last_activity_at > enrollments.last_activity_at
      )
    returning enrollments.user_id, enrollments.course_id, enrollments.revision, touched.completes
  )
  insert into education.course_completions (user_id, course_id, revision)
  select user_id, course_id, revision
  from changed_enrollments
  where completes
  order by user_id, course_id;

  duplicates := 0;
  rejected_indexes := '{}';
  rejected_reasons := '{}';
  if applied = cardinality(event_ids) then
    return;
  end if;

  -- A known event is a duplicate even if it would be rejected today: the client must be able to forget it.
  select
    count(*) filter (where judged.reason is null) - applied,
    coalesce(array_agg(judged.index - 1 order by judged.index) filter (where judged.reason is not null), '{}'),
    coalesce(array_agg(judged.reason order by judged.index) filter (where judged.reason is not null), '{}')
  into duplicates, rejected_indexes, rejected_reasons
  from (
    select
      offered.index,
      case
        when stored.event_id is not null then case
          when (offered.course_id, offered.module_id, offered.kind, offered.occurred_at)
            = (stored.course_id, stored.module_id, stored.kind, stored.occurred_at)
            and (offered.percent, offered.position) is not distinct from (stored.percent, stored.position)
            then null
          else 'CONFLICT'
        end
        when users.id is null then 'UNKNOWN_USER'
        when enrollments.user_id is null then 'NOT_ENROLLED'
        when not exists (
          select
          from education.revision_modules as modules
          where modules.course_id = offered.course_id and modules.module_id = offered.module_id
        ) then 'UNKNOWN_MODULE'
        when enrollments.status = 'DROPPED' then 'DROPPED'
        when offered.occurred_at < enrollments.enrolled_at - tolerance then 'BEFORE_ENROLLMENT'
        when offered.occurred_at > latest then 'IN_FUTURE'
        else 'NOT_ENROLLED'
      end as reason
    from unnest(user_ids, event_ids, course_ids, module_ids, kinds, percents, positions, times)
      with ordinality as offered (
        user_id, event_id, course_id, module_id, kind, percent, position, occurred_at, index
      )
    left join lateral (
      select * from education.progress_events where user_id = offered.user_id and event_id = offered.event_id offset 0
    ) as stored on true
    left join lateral (select id from identity.users where id = offered.user_id offset 0) as users on true
    left join lateral (
      select user_id, status, enrolled_at
      from education.enrollments
      where user_id = offered.user_id and course_id = offered.course_id
      offset 0
    ) as enrollments on true
  ) as judged;
end
$$;
--> statement-breakpoint
-- FOR SHARE on the course keeps a new revision from being published between the look and the commit: who moves
-- learners to a revision after it was published sees everyone that enrolled in the one before. The user is not
-- locked: who is deleted meanwhile enrolled before.
create or replace function education.enroll(learner uuid, course uuid, at timestamptz)
returns text
language plpgsql
as $$
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
  where user_id = learner and course_id = course and status = 'DROPPED' and open_course.status = 'PUBLISHED';
  if found then
    return 'returned';
  end if;

  select status into known_status from education.enrollments where user_id = learner and course_id = course;
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
--> statement-breakpoint
-- A profile that goes to another user changes the days of both. When all are truncated, whose were not in UTC is not
-- known any more: everybody's days are counted.
create or replace function education.follow_time_zone() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'TRUNCATE' then
    perform education.recount_days(array_agg(user_id)) from education.learner_days;
  else
    perform education.recount_days(array_remove(array[old.user_id, new.user_id], null));
  end if;
  return null;
end
$$;
--> statement-breakpoint
create or replace trigger user_profiles_recount_days
after update of user_id, time_zone on identity.user_profiles
for each row when ((old.user_id, old.time_zone) <> (new.user_id, new.time_zone))
execute function education.follow_time_zone();
--> statement-breakpoint
create or replace trigger user_profiles_forget_time_zones
after truncate on identity.user_profiles
for each statement execute function education.follow_time_zone();
--> statement-breakpoint
-- Takes away modules that ask for nothing that is left, until there are none: what is left then is in a circle or asks
-- for one. Looks at each prerequisite once. Modules are numbered, and those that ask for number n are in `dependents`
-- after ends[n - 1], up to ends[n]. No nested loops: a draft that was just saved looks small to the planner, which would
-- go through all of its modules for each prerequisite.
create or replace function education.has_prerequisite_cycle(target uuid) returns boolean
language plpgsql stable
set enable_nestloop = off
as $$
declare
  open_counts integer[];
  ends integer[];
  dependents integer[];
  free_modules integer[];
  place integer := 1;
  module integer;
  dependent integer;
begin
  with numbered_modules as materialized (
    select
      modules.id,
      row_number() over (order by modules.id)::integer as number,
      (
        select count(*)
        from education.module_prerequisites as steps
        where steps.course_id = target and steps.module_id = modules.id
      )::integer as open_count,
      sum((
        select count(*)
        from education.module_prerequisites as steps
        where steps.course_id = target and steps.prerequisite_id = modules.id
      )) over (order by modules.id)::integer as last_dependent
    from education.course_modules as modules
    where modules.course_id = target
  )
  select
    array_agg(open_count order by number),
    array_agg(last_dependent order by number),
    coalesce(array_agg(number order by number) filter (where open_count = 0), '{}'),
    (
      select array_agg(modules.number order by prerequisites.number)
      from education.module_prerequisites as steps
      join numbered_modules as modules on modules.id = steps.module_id
      join numbered_modules as prerequisites on prerequisites.id = steps.prerequisite_id
      where steps.course_id = target
    )
  into open_counts, ends, free_modules, dependents
  from numbered_modules;

  while place <= cardinality(free_modules) loop
    module := free_modules[place];
    for step in coalesce(ends[module - 1], 0) + 1 .. ends[module] loop
      dependent := dependents[step];
      open_counts[dependent] := open_counts[dependent] - 1;
      if open_counts[dependent] = 0 then
        free_modules := free_modules || dependent;
      end if;
    end loop;
    place := place + 1;
  end loop;
  return cardinality(free_modules) < cardinality(open_counts);
end
$$;
--> statement-breakpoint
comment on function education.has_prerequisite_cycle(uuid) is 'Whether a module of a draft asks for itself, by way of others';
--> statement-breakpoint
-- Copies the draft into a new revision. Raises what is wrong with the draft like a constraint would.
create or replace function education.publish_course(
  target uuid, existing_learners education.revision_policy, at timestamptz
)
returns integer
language plpgsql
as $$
declare
  draft education.courses;
  next_revision integer;
begin
  -- Keeps enrollments and other drafts waiting, and lets foreign keys to the course be checked: progress goes on.
  select * into draft from education.courses where id = target for no key update;
  if not found then
    return null;
  elsif draft.status = 'ARCHIVED' then
    raise exception 'course % is archived', target
      using errcode = 'check_violation', constraint = 'courses_publish_open_check';
  end if;
  next_revision := coalesce(draft.revision, 0) + 1;

  perform from education.course_modules where course_id = target and removed_at is null and not is_optional;
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

  insert into education.revision_modules
    (course_id, revision, module_id, position, title, content, weight, is_optional, prerequisites_needed)
  select
    target, next_revision, id, row_number() over (order by position) - 1, title, content, weight, is_optional,
    coalesce(prerequisites_needed, prerequisites.count)
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
