-- What keeps progress exact without the caller's help: events that cannot be changed, revisions that are
-- sealed when they are published, completions that publish themselves once, course counts that follow every
-- write, and the functions that apply a batch of events, publish a course and move its learners. All of it
-- can run again. On an empty database the locks do not matter; on a full one each trigger takes SHARE ROW
-- EXCLUSIVE for a moment, and the fillfactor only concerns pages written later.

comment on table education.module_prerequisites is 'A module that another module of its course asks for, as the author edits it';
--> statement-breakpoint
comment on table education.course_revisions is 'A course as it was published; never changes';
--> statement-breakpoint
comment on table education.revision_modules is 'A module as a revision published it';
--> statement-breakpoint
comment on table education.revision_prerequisites is 'A module that another one asks for, as a revision published it';
--> statement-breakpoint
comment on table education.progress_events is 'What a learner did in a module, as a client told it; append-only';
--> statement-breakpoint
comment on table education.course_completions is 'A learner''s completion of a revision, and the event that told of it';
--> statement-breakpoint
comment on table education.course_statistics is 'A share of a course''s counts; the course''s are the sums over its rows';
--> statement-breakpoint
comment on table education.learner_days is 'The days on which a learner did something, merged into streaks';
--> statement-breakpoint
-- Room for a new version of a row beside the old one: on the same page, no index has to be written. An enrollment
-- takes about 130 bytes, so a page has room for nine more before the old ones are cleared away.
alter table education.enrollments set (fillfactor = 85);
--> statement-breakpoint
alter table education.module_progress set (fillfactor = 85);
--> statement-breakpoint
alter table education.course_statistics set (fillfactor = 50);
--> statement-breakpoint
-- A completed enrollment has the row that published it. Deferred, because the two point to each other.
do $$
begin
  if not exists (select from pg_constraint where conname = 'enrollments_completion_fkey') then
    alter table education.enrollments
      add constraint enrollments_completion_fkey
      foreign key (user_id, course_id, completed_revision)
      references education.course_completions (user_id, course_id, revision)
      deferrable initially deferred;
  end if;
end
$$;
--> statement-breakpoint
create or replace trigger progress_events_append_only
before update or truncate on education.progress_events
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger course_completions_append_only
before update or truncate on education.course_completions
for each statement execute function platform.forbid_change();
--> statement-breakpoint
-- The history of an enrollment goes with it, when a user is erased, and never alone.
create or replace function education.forbid_loss() returns trigger
language plpgsql
as $$
begin
  perform from education.enrollments where user_id = old.user_id and course_id = old.course_id;
  if found then
    raise exception '%.% is append-only: a row goes only with its enrollment', tg_table_schema, tg_table_name
      using errcode = 'restrict_violation', schema = tg_table_schema, table = tg_table_name,
        constraint = tg_table_name || '_append_only';
  end if;
  return old;
end
$$;
--> statement-breakpoint
comment on function education.forbid_loss() is 'Lets a row be deleted only when its enrollment is gone';
--> statement-breakpoint
create or replace trigger progress_events_no_loss
before delete on education.progress_events
for each row execute function education.forbid_loss();
--> statement-breakpoint
create or replace trigger course_completions_no_loss
before delete on education.course_completions
for each row execute function education.forbid_loss();
--> statement-breakpoint
create or replace trigger course_revisions_append_only
before update or delete or truncate on education.course_revisions
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger revision_modules_append_only
before update or delete or truncate on education.revision_modules
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger revision_prerequisites_append_only
before update or delete or truncate on education.revision_prerequisites
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace function education.refuse_revision(sealed_course uuid, sealed_revision integer)
returns void
language plpgsql
as $$
begin
  raise exception 'revision % of course % is published: its modules do not add up to it', sealed_revision, sealed_course
    using errcode = 'check_violation', schema = 'education', table = 'course_revisions',
      constraint = 'course_revisions_seal_check';
end
$$;
--> statement-breakpoint
comment on function education.refuse_revision(uuid, integer) is 'Raises course_revisions_seal_check';
--> statement-breakpoint
-- The seal of a revision is that its rows add up to its header: at the end of the transaction that publishes
-- it there are as many as the header says, and no statement can ever make them more. So the whole is counted once
-- for a header, and once for a statement that adds rows, not for each row.
create or replace function education.check_revision_seal(sealed_course uuid, sealed_revision integer)
returns void
language plpgsql
as $$
begin
  perform
  from education.course_revisions as revisions
  where course_id = sealed_course
    and revision = sealed_revision
    and (module_count, total_weight) = (
      select count(*), coalesce(sum(weight) filter (where not is_optional), 0)
      from education.revision_modules as modules
      where modules.course_id = revisions.course_id and modules.revision = revisions.revision
    )
    and prerequisite_count = (
      select count(*)
      from education.revision_prerequisites as prerequisites
      where prerequisites.course_id = revisions.course_id and prerequisites.revision = revisions.revision
    );
  if not found then
    perform education.refuse_revision(sealed_course, sealed_revision);
  end if;
end
$$;
--> statement-breakpoint
comment on function education.check_revision_seal(uuid, integer) is 'Refuses a revision whose modules do not add up to its header';
--> statement-breakpoint
create or replace function education.seal_revision() returns trigger
language plpgsql
as $$
begin
  perform education.check_revision_seal(new.course_id, new.revision);
  return null;
end
$$;
--> statement-breakpoint
comment on function education.seal_revision() is 'Checks the seal of a new revision';
--> statement-breakpoint
-- Checked at the end of the transaction that publishes: `create constraint trigger` knows no `or replace`.
do $$
begin
  if not exists (select from pg_trigger where tgname = 'course_revisions_seal') then
    create constraint trigger course_revisions_seal
    after insert on education.course_revisions
    deferrable initially deferred
    for each row execute function education.seal_revision();
  end if;
end
$$;
--> statement-breakpoint
-- The foreign keys see to it that there is a header.
create or replace function education.refuse_late_modules() returns trigger
language plpgsql
as $$
begin
  perform education.refuse_revision(added.course_id, added.revision)
  from (select distinct course_id, revision from new_modules) as added
  join education.course_revisions as revisions
    on revisions.course_id = added.course_id and revisions.revision = added.revision
  where revisions.module_count < (
    select count(*)
    from education.revision_modules as modules
    where modules.course_id = added.course_id and modules.revision = added.revision
  );
  return null;
end
$$;
--> statement-breakpoint
comment on function education.refuse_late_modules() is 'Refuses more modules than the header of their revision says';
--> statement-breakpoint
create or replace trigger revision_modules_seal
after insert on education.revision_modules
referencing new table as new_modules
for each statement execute function education.refuse_late_modules();
--> statement-breakpoint
create or replace function education.refuse_late_prerequisites() returns trigger
language plpgsql
as $$
begin
  perform education.refuse_revision(added.course_id, added.revision)
  from (select distinct course_id, revision from new_prerequisites) as added
  join education.course_revisions as revisions
    on revisions.course_id = added.course_id and revisions.revision = added.revision
  where revisions.prerequisite_count < (
    select count(*)
    from education.revision_prerequisites as prerequisites
    where prerequisites.course_id = added.course_id and prerequisites.revision = added.revision
  );
  return null;
end
$$;
--> statement-breakpoint
comment on function education.refuse_late_prerequisites() is 'Refuses more prerequisites than the header of their revision says';
--> statement-breakpoint
create or replace trigger revision_prerequisites_seal
after insert on education.revision_prerequisites
referencing new table as new_prerequisites
for each statement execute function education.refuse_late_prerequisites();
--> statement-breakpoint
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
      'completedAt', to_char(enrollments.completed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    )
  from new_completions as completions
  join education.enrollments
    on enrollments.user_id = completions.user_id and enrollments.course_id = completions.course_id
  order by completions.event_id;
  return null;
end
$$;
--> statement-breakpoint
comment on function education.publish_completions() is 'Publishes course.completed in the transaction that completed the course';
--> statement-breakpoint
create or replace trigger course_completions_publish
after insert on education.course_completions
referencing new table as new_completions
for each statement execute function education.publish_completions();
--> statement-breakpoint
-- Passing an assessment is the ground of a reward as well. A graded one is final, so it passes once.
create or replace function education.publish_assessment_pass() returns trigger
language plpgsql
as $$
begin
  insert into platform.events (type, source, data)
  values (
    'assessment.passed', 'education',
    jsonb_build_object(
      'userId', new.user_id,
      'assessmentId', new.id,
      'courseId', new.course_id,
      'score', new.score,
      'maxScore', new.max_score
    )
  );
  return null;
end
$$;
--> statement-breakpoint
comment on function education.publish_assessment_pass() is 'Publishes assessment.passed in the transaction that graded it';
--> statement-breakpoint
create or replace trigger assessments_publish_pass
after update on education.assessments
for each row when (
  old.status <> 'GRADED' and new.score::bigint * 100 >= new.pass_percent::bigint * new.max_score
)
execute function education.publish_assessment_pass();
--> statement-breakpoint
create or replace trigger assessments_publish_inserted_pass
after insert on education.assessments
for each row when (
  new.status = 'GRADED' and new.score::bigint * 100 >= new.pass_percent::bigint * new.max_score
)
execute function education.publish_assessment_pass();
--> statement-breakpoint
-- A grade is the ground of a reward: it goes only with its user.
create or replace function education.keep_grade() returns trigger
language plpgsql
as $$
begin
  perform from identity.users where id = old.user_id;
  if found then
    raise exception 'education.assessments is append-only once graded: a grade goes only with its user'
      using errcode = 'restrict_violation', schema = 'education', table = 'assessments',
        constraint = 'assessments_append_only';
  end if;
  return old;
end
$$;
--> statement-breakpoint
comment on function education.keep_grade() is 'Lets a graded assessment be deleted only when its user is gone';
--> statement-breakpoint
create or replace trigger assessments_keep_grade
before delete on education.assessments
for each row when (old.status = 'GRADED')
execute function education.keep_grade();
--> statement-breakpoint
create or replace trigger assessments_no_truncate
before truncate on education.assessments
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger assessments_final
before update on education.assessments
for each row when (old.status = 'GRADED' or new.status < old.status)
execute function platform.forbid_change();
--> statement-breakpoint
-- Takes keys and deltas, not transition tables, so that a row trigger can call it as well (Citus has no
-- transition tables on distributed tables). A row that somebody holds is skipped, never waited for, and a new
-- one is added when all are held: no queue on a popular course, and no deadlock through its counts. The second
-- statement sees the rows as they are now locked, because each statement here takes its own snapshot.
create or replace function education.add_course_statistics(deltas education.course_statistics[])
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
begin
  select array_agg(row(
    delta.course_id, free_rows.shard_id, delta.active, delta.completed, delta.dropped, delta.basis_points,
    delta.decile_0, delta.decile_1, delta.decile_2, delta.decile_3, delta.decile_4,
    delta.decile_5, delta.decile_6, delta.decile_7, delta.decile_8, delta.decile_9
  )::education.course_statistics)
  into deltas
  from unnest(deltas) as delta
  left join lateral (
    select shard_id
    from education.course_statistics as shards
    where shards.course_id = delta.course_id
    limit 1
    for no key update skip locked
  ) as free_rows on true;

  update education.course_statistics as shards
  set active = shards.active + delta.active,
    completed = shards.completed + delta.completed,
    dropped = shards.dropped + delta.dropped,
    basis_points = shards.basis_points + delta.basis_points,
    decile_0 = shards.decile_0 + delta.decile_0,
    decile_1 = shards.decile_1 + delta.decile_1,
    decile_2 = shards.decile_2 + delta.decile_2,
    decile_3 = shards.decile_3 + delta.decile_3,
    decile_4 = shards.decile_4 + delta.decile_4,
    decile_5 = shards.decile_5 + delta.decile_5,
    decile_6 = shards.decile_6 + delta.decile_6,
    decile_7 = shards.decile_7 + delta.decile_7,
    decile_8 = shards.decile_8 + delta.decile_8,
    decile_9 = shards.decile_9 + delta.decile_9
  from unnest(deltas) as delta
  where shards.course_id = delta.course_id
    and shards.shard_id = delta.shard_id;

  insert into education.course_statistics
  select
    delta.course_id, gen_random_uuid(), delta.active, delta.completed, delta.dropped, delta.basis_points,
    delta.decile_0, delta.decile_1, delta.decile_2, delta.decile_3, delta.decile_4,
    delta.decile_5, delta.decile_6, delta.decile_7, delta.decile_8, delta.decile_9
  from unnest(deltas) as delta
  where delta.shard_id is null;
end
$$;
--> statement-breakpoint
comment on function education.add_course_statistics(education.course_statistics[]) is 'Adds changes of counts to courses without waiting for other writers';
--> statement-breakpoint
-- What rows that came and rows that went change in the counts of their courses, without what cancels out.
create or replace function education.enrollment_deltas(
  added education.enrollments[], removed education.enrollments[]
)
returns education.course_statistics[]
language plpgsql immutable
as $$
begin
  return (
    with changes as (
      select 1 as sign, course_id, status, done_weight::bigint * 10000 / total_weight as points
      from unnest(added)
      union all
      select -1, course_id, status, done_weight::bigint * 10000 / total_weight
      from unnest(removed)
    ),
    sums as (
      select
        course_id, null::uuid as shard_id,
        coalesce(sum(sign) filter (where status = 'ACTIVE'), 0) as active,
        coalesce(sum(sign) filter (where status = 'COMPLETED'), 0) as completed,
        coalesce(sum(sign) filter (where status = 'DROPPED'), 0) as dropped,
        coalesce(sum(sign * points) filter (where status <> 'DROPPED'), 0)::bigint as basis_points,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points < 1000), 0) as decile_0,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 1), 0) as decile_1,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 2), 0) as decile_2,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 3), 0) as decile_3,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 4), 0) as decile_4,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 5), 0) as decile_5,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 6), 0) as decile_6,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 7), 0) as decile_7,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 8), 0) as decile_8,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points >= 9000), 0) as decile_9
      from changes
      group by course_id
    )
    select array_agg(row(sums.*)::education.course_statistics)
    from sums
    where (
      active, completed, dropped, basis_points, decile_0, decile_1, decile_2, decile_3, decile_4,
      decile_5, decile_6, decile_7, decile_8, decile_9
    ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  );
end
$$;
--> statement-breakpoint
comment on function education.enrollment_deltas(education.enrollments[], education.enrollments[]) is 'What rows that came and went change in the counts of their courses';
--> statement-breakpoint
create or replace function education.count_enrollments() returns trigger
language plpgsql
as $$
declare
  added education.enrollments[];
  removed education.enrollments[];
  deltas education.course_statistics[];
begin
  if tg_op in ('INSERT', 'UPDATE') then
    select array_agg(rows) into added from new_enrollments as rows;
  end if;
  if tg_op in ('UPDATE', 'DELETE') then
    select array_agg(rows) into removed from old_enrollments as rows;
  end if;
  deltas := education.enrollment_deltas(added, removed);
  if deltas is not null then
    perform education.add_course_statistics(deltas);
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function education.count_enrollments() is 'Keeps course_statistics exact under every write to enrollments';
--> statement-breakpoint
create or replace trigger enrollments_count_insert
after insert on education.enrollments
referencing new table as new_enrollments
for each statement execute function education.count_enrollments();
--> statement-breakpoint
create or replace trigger enrollments_count_update
after update on education.enrollments
referencing old table as old_enrollments new table as new_enrollments
for each statement execute function education.count_enrollments();
--> statement-breakpoint
create or replace trigger enrollments_count_delete
after delete on education.enrollments
referencing old table as old_enrollments
for each statement execute function education.count_enrollments();
--> statement-breakpoint
create or replace trigger enrollments_no_truncate
before truncate on education.enrollments
for each statement execute function platform.forbid_change();
--> statement-breakpoint
-- A learner has their row of days from the first enrollment on. Made by the first event, it would check the key of
-- the user while the enrollment is locked: against the order of those who count days anew, which deadlocks.
create or replace function education.open_days() returns trigger
language plpgsql
as $$
begin
  insert into education.learner_days (user_id, days)
  select distinct user_id, '{}'::datemultirange
  from new_enrollments
  order by user_id
  on conflict (user_id) do nothing;
  return null;
end
$$;
--> statement-breakpoint
comment on function education.open_days() is 'Gives learners their row of days when they enroll';
--> statement-breakpoint
create or replace trigger enrollments_open_days
after insert on education.enrollments
referencing new table as new_enrollments
for each statement execute function education.open_days();
--> statement-breakpoint
-- Users are locked before their enrollments: nobody enrolls meanwhile. Every batch of events holds an enrollment, so
-- when all are locked no event is on its way, and the last statement, with a snapshot of its own, sees them all.
create or replace function education.recount_days(learners uuid[]) returns void
language plpgsql
as $$
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
      select distinct (events.occurred_at at time zone coalesce(profiles.time_zone, 'UTC'))::date as day
      from education.progress_events as events
      left join identity.user_profiles as profiles
        on profiles.user_id = events.user_id
      where events.user_id = learner_days.user_id
    ) as active
  )
  where user_id = any(learners);
end
$$;
--> statement-breakpoint
comment on function education.recount_days(uuid[]) is 'Counts the active days of learners anew, from their events';
--> statement-breakpoint
create or replace function education.follow_time_zone() returns trigger
language plpgsql
as $$
begin
  perform education.recount_days(array[case when tg_op = 'DELETE' then old.user_id else new.user_id end]);
  return null;
end
$$;
--> statement-breakpoint
comment on function education.follow_time_zone() is 'Counts a learner''s days anew when their time zone changes';
--> statement-breakpoint
-- Holds the enrollment that is deleted while it locks the learner's others, so a batch over several of their
-- courses can deadlock with it; PostgreSQL then ends one of the two.
create or replace function education.forget_days() returns trigger
language plpgsql
as $$
begin
  perform education.recount_days(array_agg(distinct user_id)) from old_events;
  return null;
end
$$;
--> statement-breakpoint
comment on function education.forget_days() is 'Counts a learner''s days anew when events go with their enrollment';
--> statement-breakpoint
create or replace trigger progress_events_forget_days
after delete on education.progress_events
referencing old table as old_events
for each statement execute function education.forget_days();
--> statement-breakpoint
create or replace trigger user_profiles_recount_days
after update of time_zone on identity.user_profiles
for each row when (old.time_zone <> new.time_zone)
execute function education.follow_time_zone();
--> statement-breakpoint
-- Without a profile days are counted in UTC, which is also the default of a new profile.
create or replace trigger user_profiles_count_days
after insert on identity.user_profiles
for each row when (new.time_zone <> 'UTC')
execute function education.follow_time_zone();
--> statement-breakpoint
create or replace trigger user_profiles_forget_time_zone
after delete on identity.user_profiles
for each row when (old.time_zone <> 'UTC')
execute function education.follow_time_zone();
--> statement-breakpoint
-- The latest of the earliest completions of what the revision asks for: the same in whatever order they came.
create or replace function education.completion_time(learner uuid, course uuid, completed_revision integer)
returns timestamptz
language sql stable
as $$
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
--> statement-breakpoint
comment on function education.completion_time(uuid, uuid, integer) is 'When a learner completed the last module that a revision asks for';
--> statement-breakpoint
-- FOR SHARE on the course keeps a new revision from being published between the look and the commit: who moves
-- learners to a revision after it was published sees everyone that enrolled in the one before.
create or replace function education.enroll(learner uuid, course uuid, at timestamptz)
returns text
language plpgsql
as $$
declare
  open_course education.courses;
  outcome text;
begin
  select * into open_course from education.courses where id = course for share;
  if not found then
    return 'no course';
  end if;

  update education.enrollments
  set status = 'ACTIVE', dropped_at = null, updated_at = clock_timestamp()
  where user_id = learner and course_id = course and status = 'DROPPED' and open_course.status = 'PUBLISHED';
  if found then
    return 'returned';
  end if;

  perform from education.enrollments where user_id = learner and course_id = course;
  if found then
    return 'there';
  elsif open_course.status <> 'PUBLISHED' then
    return 'not open';
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
comment on function education.enroll(uuid, uuid, timestamptz) is 'Puts a learner into the published revision of a course, once';
--> statement-breakpoint
-- Locks the enrollment first, so that what it returns is what it decided by. Without a time of the caller it is
-- now, in the milliseconds that clients have.
create or replace function education.drop_enrollment(learner uuid, course uuid, at timestamptz)
returns setof education.enrollments
language plpgsql
as $$
begin
  perform from education.enrollments where user_id = learner and course_id = course for no key update;

  update education.enrollments
  set status = 'DROPPED',
    dropped_at = coalesce(at, greatest(enrolled_at, date_trunc('milliseconds', clock_timestamp()))),
    updated_at = clock_timestamp()
  where user_id = learner and course_id = course and status = 'ACTIVE';

  return query select * from education.enrollments where user_id = learner and course_id = course;
end
$$;
--> statement-breakpoint
comment on function education.drop_enrollment(uuid, uuid, timestamptz) is 'Takes an active learner out of a course, and returns the enrollment';
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

  -- Every circle goes forward in the course somewhere, so it is enough to walk on from such steps, and most courses
  -- have none. Walking from every step takes the square of what there is.
  perform from (
    with recursive walks as (
      select steps.module_id, steps.prerequisite_id
      from education.module_prerequisites as steps
      join education.course_modules as modules
        on modules.course_id = steps.course_id and modules.id = steps.module_id
      join education.course_modules as prerequisites
        on prerequisites.course_id = steps.course_id and prerequisites.id = steps.prerequisite_id
      where steps.course_id = target and prerequisites.position > modules.position
      union
      select walks.module_id, steps.prerequisite_id
      from walks
      join education.module_prerequisites as steps
        on steps.course_id = target and steps.module_id = walks.prerequisite_id
    )
    select from walks where module_id = prerequisite_id limit 1
  ) as cycles;
  if found then
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
--> statement-breakpoint
comment on function education.publish_course(uuid, education.revision_policy, timestamptz) is 'Publishes the draft of a course as its next revision';
--> statement-breakpoint
-- Moves up to so many learners to a revision, as its policy says, and tells what became of each. Who is moved
-- is not behind any more, so calling it again goes on where it stopped. Enrollments are locked in key order,
-- as everywhere; the statement after that sees them as locked. When others moved or dropped all of the chunk while
-- it waited for them, it looks again: nobody moved means that nobody was behind.
create or replace function education.move_enrollments(target uuid, target_revision integer, chunk integer)
returns table (
  learner_id uuid, from_revision integer,
  from_status education.enrollment_status, from_done_weight integer, from_total_weight integer,
  to_status education.enrollment_status, to_done_weight integer, to_total_weight integer
)
language plpgsql
as $$
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
          when next_status = 'COMPLETED' then coalesce(enrollments.completed_revision, target_revision)
        end,
        completed_at = case
          when next_status = 'COMPLETED' then coalesce(
            enrollments.completed_at,
            greatest(
              enrollments.enrolled_at, education.completion_time(enrollments.user_id, target, target_revision)
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
    )
    select
      user_id, revision, status, done_weight, total_weight, next_status, next_done_weight, next_total_weight
    from moves
    order by user_id;
    exit when found;
  end loop;
end
$$;
--> statement-breakpoint
comment on function education.move_enrollments(uuid, integer, integer) is 'Moves learners who are behind to a revision, as its policy says';
