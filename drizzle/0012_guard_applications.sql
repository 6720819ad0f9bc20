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
-- FOR SHARE keeps the job as it is until the application is committed: it cannot close in between.
create or replace function marketplace.check_job_is_open() returns trigger
language plpgsql
as $$
begin
  perform from marketplace.jobs
  where id = new.job_id
  and status = 'ACTIVE'
  and deleted_at is null
  and (expires_at is null or expires_at > new.applied_at)
  for share;
  if not found and exists (select from marketplace.jobs where id = new.job_id) then
    raise exception 'job % takes no applications', new.job_id
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_job_open_check';
  end if;
  return new;
end
$$;
--> statement-breakpoint
comment on function marketplace.check_job_is_open() is 'Refuses an application to a job that is not active, expired or deleted';
--> statement-breakpoint
create or replace trigger job_applications_job_open
before insert on marketplace.job_applications
for each row execute function marketplace.check_job_is_open();
--> statement-breakpoint
-- The enum's own order is the way forward; ACCEPTED, REJECTED and withdrawn are its ends.
create or replace function marketplace.check_application_forward() returns trigger
language plpgsql
as $$
begin
  if old.withdrawn_at is not null
    or old.status in ('ACCEPTED', 'REJECTED')
    or new.status < old.status
    or (new.withdrawn_at is not null and new.status <> old.status)
  then
    raise exception 'the application of user % to job % cannot go from % to %',
      old.user_id, old.job_id, old.status, new.status
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_forward_check';
  end if;
  return new;
end
$$;
--> statement-breakpoint
comment on function marketplace.check_application_forward() is 'Lets an application move only forward, and not after its end';
--> statement-breakpoint
create or replace trigger job_applications_forward
before update on marketplace.job_applications
for each row when (
  (old.status, old.withdrawn_at) is distinct from (new.status, new.withdrawn_at)
)
execute function marketplace.check_application_forward();
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
