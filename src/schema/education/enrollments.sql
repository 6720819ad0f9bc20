comment on table education.enrollments
is 'A learner in a course, with the integer weights done and in all';

-- Room for a new version of a row beside the old one: on the same page, no index has to be written.
-- An enrollment takes about 130 bytes, so a page has room for nine more before the old ones are
-- cleared away.
alter table education.enrollments set (fillfactor = 85);

-- A completed enrollment has the row that published it. Deferred, because the two point to each
-- other.
alter table education.enrollments
add constraint enrollments_completion_fkey
foreign key (user_id, course_id, completed_revision)
references education.course_completions (user_id, course_id, revision)
deferrable initially deferred;

create or replace function education.count_enrollments() returns trigger
language plpgsql
as $$
-- A whole row of a transition table is no row of the table: PL/pgSQL would cast an array of them
-- through text, which is slow, and wrong under another DateStyle.
declare
  added education.enrollments[];
  removed education.enrollments[];
  deltas education.course_statistics[];
begin
  if tg_op in ('INSERT', 'UPDATE') then
    select array_agg(row(rows.*)::education.enrollments) into added
    from new_enrollments as rows;
  end if;
  if tg_op in ('UPDATE', 'DELETE') then
    select array_agg(row(rows.*)::education.enrollments) into removed
    from old_enrollments as rows;
  end if;
  deltas := education.enrollment_deltas(added, removed);
  if deltas is not null then
    perform education.add_course_statistics(deltas);
  end if;
  return null;
end
$$;

comment on function education.count_enrollments()
is 'Keeps course_statistics exact under every write to enrollments';

create or replace function education.open_days() returns trigger
language plpgsql
as $$
-- A learner has their row of days from the first enrollment on. Made by the first event, it would
-- check the key of the user while the enrollment is locked: against the order of those who count
-- days anew, which deadlocks.
begin
  insert into education.learner_days (user_id, days)
  select distinct user_id, '{}'::datemultirange
  from new_enrollments
  order by user_id
  on conflict (user_id) do nothing;
  return null;
end
$$;

comment on function education.open_days() is 'Gives learners their row of days when they enroll';

create or replace trigger enrollments_count_insert
after insert on education.enrollments
referencing new table as new_enrollments
for each statement execute function education.count_enrollments();

create or replace trigger enrollments_count_update
after update on education.enrollments
referencing old table as old_enrollments new table as new_enrollments
for each statement execute function education.count_enrollments();

create or replace trigger enrollments_count_delete
after delete on education.enrollments
referencing old table as old_enrollments
for each statement execute function education.count_enrollments();

create or replace function education.keep_completed_enrollments() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Its completions would go with it, and whoever enrolls again would be told of as completing twice.
-- The enrollments of an erased user go with the user, who is gone by then.
begin
  if exists (
      select from education.course_completions
      where user_id = old.user_id and course_id = old.course_id
    )
    and exists (select from identity.users where id = old.user_id)
  then
    raise exception 'user % has completed course %, which stays', old.user_id, old.course_id
      using errcode = 'restrict_violation', schema = 'education', table = 'enrollments',
        constraint = 'enrollments_completed_stay';
  end if;
  return old;
end
$$;

comment on function education.keep_completed_enrollments()
is 'Keeps an enrollment with completions for as long as its user';

create or replace trigger enrollments_completed_stay
before delete on education.enrollments
for each row execute function education.keep_completed_enrollments();

create or replace trigger enrollments_no_truncate
before truncate on education.enrollments
for each statement execute function platform.forbid_change();

create or replace trigger enrollments_open_days
after insert on education.enrollments
referencing new table as new_enrollments
for each statement execute function education.open_days();
