create or replace function education.record_progress(
  user_ids uuid[], event_ids uuid[], course_ids uuid[], module_ids uuid[],
  kinds education.progress_event_kind[], percents smallint[], positions text[], times timestamptz[],
  latest timestamptz, tolerance interval,
  out applied integer, out duplicates integer,
  out rejected_indexes integer[], out rejected_reasons text[]
)
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
-- The one write path of progress: a batch of events, applied as a set. The cost depends on the
-- batch alone: every join below goes from the batch to the tables by primary key, and `lateral ...
-- offset 0` leaves the planner no other way. Left to itself it joined through modules, and read a
-- whole course to find one learner of it: cheap in a course of average size, and not in the
-- largest. Locks only the enrollments that the batch touches, in key order.
--
-- Each statement of the function has a snapshot of its own, so what follows the lock sees what the
-- lock waited for. Events are matched with enrollments that were locked, and no others: one that is
-- made in between is not enrolled yet. Everything written is a maximum, a minimum, a union or a sum
-- over distinct events, and so the same in whatever order the batches come. Above READ COMMITTED
-- there is one snapshot, perhaps from before the lock. Then the days are written even if they look
-- complete: if they were counted anew since, in another time zone, that is a conflict and the
-- caller runs again. The enrollments are locked by then, so the rows of modules can come in the
-- order in which their keys to course_modules are checked: by module, as whoever edits a draft
-- locks them. How far a client's clock may be off, either way, is part of the question and not of
-- the state: an event is judged by itself, whatever came before. The plan is the generic one, made
-- once a connection: planning would cost a single event more than running.
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
      user_id, event_id, course_id, module_id, kind, percent, position, occurred_at, is_locked,
      index
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
      bool_or(
        touched_modules.completed_at is not null and known.completed_at is null
      ) as has_new_completion,
      coalesce(
        bool_or(touched_modules.completed_at < known.completed_at), false
      ) as has_earlier_completion
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

  -- A completion that counts for nothing in this revision may count in the next, and an earlier one
  -- may set the time of a later completion: the row changes all the same, so that who completes or
  -- moves the learner from an older snapshot is refused instead of missing it. A clock within the
  -- tolerance can be behind the enrollment, which a completion never is.
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
            education.completion_time(
              enrollments.user_id, enrollments.course_id, enrollments.revision
            )
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
      select
        touched.*,
        known.status = 'ACTIVE'
          and known.done_weight + touched.weight = known.total_weight as completes
      from unnest(learners, courses, weights, activities, new_completions, earlier_completions)
        as touched (
          user_id, course_id, weight, last_activity_at, has_new_completion, has_earlier_completion
        )
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
  order by user_id, course_id
  on conflict on constraint course_completions_pkey do nothing;

  duplicates := 0;
  rejected_indexes := '{}';
  rejected_reasons := '{}';
  if applied = cardinality(event_ids) then
    return;
  end if;

  -- A known event is a duplicate even if it would be rejected today: the client must be able to
  -- forget it.
  select
    count(*) filter (where judged.reason is null) - applied,
    coalesce(
      array_agg(judged.index - 1 order by judged.index) filter (where judged.reason is not null),
      '{}'
    ),
    coalesce(
      array_agg(judged.reason order by judged.index) filter (where judged.reason is not null),
      '{}'
    )
  into duplicates, rejected_indexes, rejected_reasons
  from (
    select
      offered.index,
      case
        when stored.event_id is not null then case
          when (offered.course_id, offered.module_id, offered.kind, offered.occurred_at)
            = (stored.course_id, stored.module_id, stored.kind, stored.occurred_at)
            and (offered.percent, offered.position)
              is not distinct from (stored.percent, stored.position)
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
      select *
      from education.progress_events
      where user_id = offered.user_id and event_id = offered.event_id
      offset 0
    ) as stored on true
    left join lateral (
      select id
      from identity.users
      where id = offered.user_id
      offset 0
    ) as users on true
    left join lateral (
      select user_id, status, enrolled_at
      from education.enrollments
      where user_id = offered.user_id and course_id = offered.course_id
      offset 0
    ) as enrollments on true
  ) as judged;
end
$$;

comment on function education.record_progress(
  uuid[], uuid[], uuid[], uuid[], education.progress_event_kind[], smallint[], text[],
  timestamptz[], timestamptz, interval
) is 'Applies a batch of progress events, each once, in any order';
