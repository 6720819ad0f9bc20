comment on table marketplace.job_applications
is 'A user''s application to a job, with the match score of that moment';

create or replace trigger job_applications_touch
before update on marketplace.job_applications
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function marketplace.check_application_possible() returns trigger
language plpgsql
as $$
-- FOR SHARE keeps job and user as they are until the application is committed: neither can close in
-- between. The clock counts beside the caller's time, so that nobody applies in time afterwards.
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

comment on function marketplace.check_application_possible()
is 'Refuses an application to a job that is not open, or of a deleted user';

create or replace function marketplace.check_application_step() returns trigger
language plpgsql
as $$
-- The enum's own order is the way forward; ACCEPTED, REJECTED and withdrawn are its ends. A step
-- says when it was taken and by whom, so a statement that moves only the status is refused: it
-- would leave the author of the step before. Applicants answer offers and withdraw; everything else
-- is for others to do.
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
  elsif (is_withdrawal and not by_applicant)
    or (is_move and by_applicant and old.status <> 'OFFERED')
  then
    broken := 'job_applications_author_check';
  else
    return new;
  end if;
  raise exception 'the application of user % to job % cannot go from % to % in this way',
    old.user_id, old.job_id, old.status, new.status
    using errcode = 'check_violation', schema = 'marketplace', table = 'job_applications',
      constraint = broken;
end
$$;

comment on function marketplace.check_application_step()
is 'Lets an application move only forward, not after its end, and with time and author';

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

comment on function marketplace.record_application_step()
is 'Writes each status of an application into application_steps';

create or replace function marketplace.keep_applications() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Who applies once cannot apply again, and a decision stays. The applications of an erased user go
-- with the user, who is gone by then.
begin
  if exists (select from identity.users where id = old.user_id) then
    raise exception 'the application of user % to job % stays', old.user_id, old.job_id
      using errcode = 'restrict_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_stay';
  end if;
  return old;
end
$$;

comment on function marketplace.keep_applications()
is 'Keeps an application for as long as its user';

create or replace trigger job_applications_stay
before delete on marketplace.job_applications
for each row execute function marketplace.keep_applications();

create or replace trigger job_applications_possible
before insert on marketplace.job_applications
for each row execute function marketplace.check_application_possible();

create or replace trigger job_applications_begin
before insert on marketplace.job_applications
for each row when (new.status <> 'PENDING' or new.withdrawn_at is not null)
execute function marketplace.check_application_begin();

-- The score is that of the moment of applying, so it is as final as who applied where and when.
-- What was handed in stays too; it can only be erased.
create or replace trigger job_applications_key_final
before update on marketplace.job_applications
for each row when (
  (old.user_id, old.job_id, old.applied_at, old.match_score)
    is distinct from (new.user_id, new.job_id, new.applied_at, new.match_score)
  or (new.cover_letter is not null and new.cover_letter is distinct from old.cover_letter)
  or (new.resume is not null and new.resume is distinct from old.resume)
)
execute function platform.forbid_change();

create or replace trigger job_applications_step
before update on marketplace.job_applications
for each row when (
  (old.status, old.withdrawn_at, old.status_changed_at, old.status_changed_by)
    is distinct from (new.status, new.withdrawn_at, new.status_changed_at, new.status_changed_by)
)
execute function marketplace.check_application_step();

create or replace trigger job_applications_record_first_step
after insert on marketplace.job_applications
for each row execute function marketplace.record_application_step();

create or replace trigger job_applications_record_step
after update on marketplace.job_applications
for each row when (
  (old.status, old.withdrawn_at) is distinct from (new.status, new.withdrawn_at)
)
execute function marketplace.record_application_step();
