-- Plain SQL could make up what the functions never do: a hold that counts as a reversal, the completion of a
-- revision that its enrollment is not on, an application that begins at its end, a verification that moves to another
-- skill. The doctor looks at the library's own books, azora_db, and no more at those of a service. Functions and
-- triggers only, so it is done in milliseconds; it locks job_applications and user_skills against writers until it
-- commits. Nothing is to be done first; rows that are there stay as they are.
--> statement-breakpoint
set local check_function_bodies = off;
--> statement-breakpoint
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
--> statement-breakpoint
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
--> statement-breakpoint
create or replace function finance.check_completed_transaction() returns trigger
language plpgsql
as $$
-- A completed transaction has what it is about, and is recorded when it is posted. Asked at COMMIT,
-- because the transaction is written first: one look by an index for each, and none for a failed
-- one.
declare
  broken text;
begin
  -- Most are of these types, and have entries: each expression costs them more than it seems, and
  -- one with a subquery as much when an `and` before it spares the look.
  if new.status = 'COMPLETED' and new.type not in ('HOLD', 'RELEASE', 'CAPTURE', 'REFUND') then
    if exists (
      select
      from finance.entries
      where transaction_user_id = new.user_id and transaction_id = new.id
    ) then
      return null;
    end if;
    broken := 'transactions_completed_has_entries_check';
  elsif new.status <> 'COMPLETED' then
    perform finance.check_recorded_time(new.id, new.recorded_at);
  elsif new.type = 'HOLD' then
    perform finance.check_recorded_time(new.id, new.recorded_at);
    if not exists (select from finance.holds where user_id = new.user_id and id = new.id) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  else
    broken := finance.broken_purpose(new.user_id, new.id);
    if new.type = 'RELEASE' then
      perform finance.check_recorded_time(new.id, new.recorded_at);
    end if;
  end if;
  -- Without entries, so that the trigger on those does not ask. It would count as the one reversal
  -- that there can be.
  if new.status = 'COMPLETED' and new.type in ('HOLD', 'RELEASE') and new.reverses_id is not null
  then
    broken := 'transactions_reverses_by_type_check';
  end if;
  if broken is not null then
    raise exception 'completed transaction % (%) is not what it is about', new.id, new.type
      using errcode = 'check_violation', schema = 'finance', table = 'transactions',
        constraint = broken;
  end if;
  return null;
end
$$;

comment on function finance.check_completed_transaction()
is 'Refuses a transaction without what it is about, or recorded at another time than now';
--> statement-breakpoint
create or replace function marketplace.check_application_begin() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Born further on, it would have skipped the steps that say who decided what and when.
begin
  if not finance.may_import('marketplace.job_applications') then
    raise exception 'the application of user % to job % begins as PENDING', new.user_id, new.job_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_forward_check';
  end if;
  return new;
end
$$;

comment on function marketplace.check_application_begin()
is 'Lets an application begin only as PENDING, but for an owner who imports a history';
--> statement-breakpoint
create or replace function marketplace.forget_verification() returns trigger
language plpgsql
as $$
-- Whoever verified a skill at a level has not verified another one, or another level, unless the
-- same statement says so.
begin
  new.verified_at := null;
  new.verified_by := null;
  return new;
end
$$;

comment on function marketplace.forget_verification()
is 'Takes the verification from what becomes another skill or level';
--> statement-breakpoint
create or replace function platform.lagging_sequences(
  out sequence_name text, out table_name text, out column_name text,
  out greatest_value bigint, out next_value bigint
)
returns setof record
language plpgsql stable
as $$
-- Those of serial and identity columns, in our schemas and that of our migrations' books: others'
-- may be closed to who asks.
begin
  for sequence_name, table_name, column_name, next_value in
    select
      pg_sequence.seqrelid::regclass, owner.refobjid::regclass, quote_ident(attname),
      coalesce(pg_sequence_last_value(pg_sequence.seqrelid) + seqincrement, seqstart)
    from pg_sequence
    join pg_depend as owner
      on owner.classid = 'pg_class'::regclass
      and owner.objid = seqrelid
      and owner.refclassid = 'pg_class'::regclass
      and owner.deptype in ('a', 'i')
    join pg_attribute on attrelid = owner.refobjid and attnum = owner.refobjsubid
    join pg_class on pg_class.oid = seqrelid
    where relnamespace::regnamespace::text in (
      'identity', 'education', 'finance', 'marketplace', 'ai', 'platform', 'azora_db'
    )
    order by 1
  loop
    -- As platform.advance_identity has it.
    execute format(
      'select max(%s) from %s where %1$s < 100000000', column_name, table_name
    ) into greatest_value;
    if greatest_value >= next_value then
      return next;
    end if;
  end loop;
end
$$;

comment on function platform.lagging_sequences() is
  'Sequences whose next value is in their column already, as after logical replication, which '
  'copies none';
--> statement-breakpoint
create or replace trigger job_applications_begin
before insert on marketplace.job_applications
for each row when (new.status <> 'PENDING' or new.withdrawn_at is not null)
execute function marketplace.check_application_begin();
--> statement-breakpoint
create or replace trigger user_skills_forget_verification
before update on marketplace.user_skills
for each row when (
  (old.user_id, old.skill_id, old.level) is distinct from (new.user_id, new.skill_id, new.level)
  and old.verified_at is not null
  and (old.verified_at, old.verified_by) is not distinct from (new.verified_at, new.verified_by)
)
execute function marketplace.forget_verification();
