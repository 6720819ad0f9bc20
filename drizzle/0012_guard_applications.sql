-- What keeps the marketplace right: endorsement counts and the course of an application. Every
-- statement may run again, because `push` applies this file to a database that may have it already.
-- On an empty database the locks do not matter; later, a trigger takes SHARE ROW EXCLUSIVE for a
-- moment.

comment on table marketplace.skill_endorsements is 'One user''s word that another holds a skill';
--> statement-breakpoint
comment on table marketplace.occupations is 'A kind of work of the imported classification';
--> statement-breakpoint
comment on table marketplace.occupation_skills is 'A skill that an occupation needs: essential, or optional';
--> statement-breakpoint
create or replace trigger occupations_touch
before update on marketplace.occupations
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
--> statement-breakpoint
comment on table marketplace.application_steps is 'A status that an application had, since when and by whom';
--> statement-breakpoint
-- Counts are locked in key order before they move, so that two bulk endorsements cannot deadlock.
create or replace function marketplace.count_endorsements() returns trigger
language plpgsql
as $$
begin
  perform from marketplace.user_skills us
  where (us.user_id, us.skill_id) in (select c.user_id, c.skill_id from changed_endorsements c)
  order by us.user_id, us.skill_id
  for no key update;

  update marketplace.user_skills us
  set endorsements = us.endorsements + case tg_op when 'INSERT' then c.count else -c.count end
  from (
    select user_id, skill_id, count(*)::integer as count
    from changed_endorsements
    group by user_id, skill_id
  ) c
  where us.user_id = c.user_id
  and us.skill_id = c.skill_id;
  return null;
end
$$;
--> statement-breakpoint
comment on function marketplace.count_endorsements() is 'Keeps user_skills.endorsements';
--> statement-breakpoint
create or replace trigger skill_endorsements_count_inserted
after insert on marketplace.skill_endorsements
referencing new table as changed_endorsements
for each statement execute function marketplace.count_endorsements();
--> statement-breakpoint
create or replace trigger skill_endorsements_count_deleted
after delete on marketplace.skill_endorsements
referencing old table as changed_endorsements
for each statement execute function marketplace.count_endorsements();
--> statement-breakpoint
create or replace trigger skill_endorsements_final
before update on marketplace.skill_endorsements
for each row when (
  (old.user_id, old.skill_id, old.endorser_id) is distinct from (new.user_id, new.skill_id, new.endorser_id)
)
execute function platform.forbid_change();
--> statement-breakpoint
-- Inside count_endorsements this trigger is the second one deep; under a plain statement it is the first.
create or replace function marketplace.check_endorsements_counted() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'INSERT' or pg_trigger_depth() = 1 then
    raise exception 'endorsements of user % are counted from skill_endorsements, not written', new.user_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'user_skills',
        constraint = 'user_skills_endorsements_counted_check';
  end if;
  return new;
end
$$;
--> statement-breakpoint
comment on function marketplace.check_endorsements_counted() is 'Lets only the count of endorsements change user_skills.endorsements';
--> statement-breakpoint
create or replace trigger user_skills_endorsements_counted_inserted
before insert on marketplace.user_skills
for each row when (new.endorsements > 0)
execute function marketplace.check_endorsements_counted();
--> statement-breakpoint
create or replace trigger user_skills_endorsements_counted_updated
before update on marketplace.user_skills
for each row when (old.endorsements is distinct from new.endorsements)
execute function marketplace.check_endorsements_counted();
--> statement-breakpoint
-- FOR SHARE keeps job and user as they are until the application is committed: neither can close in
-- between. The clock counts beside the caller's time, so that nobody applies in time afterwards.
create or replace function marketplace.check_application_possible() returns trigger
language plpgsql
as $$
declare
  job record;
  applicant record;
begin
  select j.status, j.posted_at, j.expires_at, j.deleted_at into job
  from marketplace.jobs j
  where j.id = new.job_id
  for share;
  if found and (
    job.status <> 'ACTIVE'
    or job.deleted_at is not null
    or job.expires_at <= greatest(new.applied_at, clock_timestamp())
  ) then
    raise exception 'job % takes no applications', new.job_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_job_open_check';
  end if;
  if new.applied_at < job.posted_at then
    raise exception 'job % was not posted yet at the time of the application', new.job_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_after_posted_check';
  end if;

  select u.deleted_at into applicant
  from identity.users u
  where u.id = new.user_id
  for share;
  if applicant.deleted_at is not null then
    raise exception 'user % is deleted and cannot apply', new.user_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_user_active_check';
  end if;
  return new;
end
$$;
--> statement-breakpoint
comment on function marketplace.check_application_possible() is 'Refuses an application to a job that is not open, or of a deleted user';
--> statement-breakpoint
create or replace trigger job_applications_possible
before insert on marketplace.job_applications
for each row execute function marketplace.check_application_possible();
--> statement-breakpoint
-- The score is that of the moment of applying, so it is as final as who applied where and when.
create or replace trigger job_applications_key_final
before update on marketplace.job_applications
for each row when (
  (old.user_id, old.job_id, old.applied_at, old.match_score)
    is distinct from (new.user_id, new.job_id, new.applied_at, new.match_score)
)
execute function platform.forbid_change();
--> statement-breakpoint
-- The enum's own order is the way forward; ACCEPTED, REJECTED and withdrawn are its ends. A step says when
-- it was taken and by whom, so a statement that moves only the status is refused: it would leave the
-- author of the step before. Applicants answer offers and withdraw; everything else is for others to do.
create or replace function marketplace.check_application_step() returns trigger
language plpgsql
as $$
declare
  is_move constant boolean := new.status <> old.status;
  is_withdrawal constant boolean := new.withdrawn_at is distinct from old.withdrawn_at;
  by_applicant constant boolean := new.status_changed_by = new.user_id;
  broken text;
begin
  if not is_move and not is_withdrawal then
    -- The foreign key's SET NULL.
    if new.status_changed_at = old.status_changed_at and new.status_changed_by is null
      and not exists (select from identity.users where id = old.status_changed_by)
    then
      return new;
    end if;
    broken := 'job_applications_step_check';
  elsif old.withdrawn_at is not null
    or old.status in ('ACCEPTED', 'REJECTED')
    or new.status < old.status
    or (is_move and is_withdrawal)
  then
    broken := 'job_applications_forward_check';
  elsif new.status_changed_at <= old.status_changed_at or new.status_changed_by is null then
    broken := 'job_applications_step_check';
  elsif (is_withdrawal and not by_applicant) or (is_move and by_applicant and old.status <> 'OFFERED') then
    broken := 'job_applications_author_check';
  else
    return new;
  end if;
  raise exception 'the application of user % to job % cannot go from % to % in this way',
    old.user_id, old.job_id, old.status, new.status
    using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications', constraint = broken;
end
$$;
--> statement-breakpoint
comment on function marketplace.check_application_step() is 'Lets an application move only forward, not after its end, and with time and author';
--> statement-breakpoint
create or replace trigger job_applications_step
before update on marketplace.job_applications
for each row when (
  (old.status, old.withdrawn_at, old.status_changed_at, old.status_changed_by)
    is distinct from (new.status, new.withdrawn_at, new.status_changed_at, new.status_changed_by)
)
execute function marketplace.check_application_step();
--> statement-breakpoint
-- Steps go when their application does, and forget a user who is deleted: both show in what the foreign
-- key points to, which is gone by then. Truncation is looked at afterwards, for the same reason.
create or replace function marketplace.keep_application_steps() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'TRUNCATE' then
    if not exists (select from marketplace.job_applications) then
      return null;
    end if;
  elsif tg_op = 'DELETE' then
    if not exists (
      select from marketplace.job_applications
      where user_id = old.user_id
      and job_id = old.job_id
    ) then
      return old;
    end if;
  elsif new.changed_by is null
    and (new.user_id, new.job_id, new.position, new.status, new.withdrawn, new.changed_at)
      = (old.user_id, old.job_id, old.position, old.status, old.withdrawn, old.changed_at)
    and not exists (select from identity.users where id = old.changed_by)
  then
    return new;
  end if;
  raise exception 'marketplace.application_steps is append-only: % is not allowed', lower(tg_op)
    using errcode = 'restrict_violation', schema = 'marketplace', table = 'application_steps',
      constraint = 'application_steps_append_only';
end
$$;
--> statement-breakpoint
comment on function marketplace.keep_application_steps() is 'Refuses every change of the steps but what foreign keys do';
--> statement-breakpoint
create or replace trigger application_steps_append_only
before update or delete on marketplace.application_steps
for each row execute function marketplace.keep_application_steps();
--> statement-breakpoint
create or replace trigger application_steps_no_truncate
after truncate on marketplace.application_steps
for each statement execute function marketplace.keep_application_steps();
--> statement-breakpoint
create or replace function marketplace.record_application_step() returns trigger
language plpgsql
as $$
begin
  insert into marketplace.application_steps
    (user_id, job_id, position, status, withdrawn, changed_by, changed_at)
  select new.user_id, new.job_id, coalesce(max(position), 0) + 1, new.status,
    new.withdrawn_at is not null, new.status_changed_by, new.status_changed_at
  from marketplace.application_steps
  where user_id = new.user_id
  and job_id = new.job_id;
  return null;
end
$$;
--> statement-breakpoint
comment on function marketplace.record_application_step() is 'Writes each status of an application into application_steps';
--> statement-breakpoint
create or replace trigger job_applications_record_first_step
after insert on marketplace.job_applications
for each row execute function marketplace.record_application_step();
--> statement-breakpoint
create or replace trigger job_applications_record_step
after update on marketplace.job_applications
for each row when (
  (old.status, old.withdrawn_at) is distinct from (new.status, new.withdrawn_at)
)
execute function marketplace.record_application_step();
