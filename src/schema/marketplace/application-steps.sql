comment on table marketplace.application_steps
is 'A status that an application had, since when and by whom';

create or replace function marketplace.keep_application_steps() returns trigger
language plpgsql
as $$
-- Steps go when their application does, and forget a user who is deleted: both show in what the
-- foreign key points to, which is gone by then. Truncation is looked at afterwards, for the same
-- reason.
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
  raise exception 'marketplace.application_steps is append-only: % is not allowed',
    lower(tg_op collate "C")
    using errcode = 'restrict_violation', schema = 'marketplace', table = 'application_steps',
      constraint = 'application_steps_append_only';
end
$$;

comment on function marketplace.keep_application_steps()
is 'Refuses every change of the steps but what foreign keys do';

create or replace function marketplace.check_step_taken() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Whoever inserts it: a step says what its application is since its last step, and comes after it.
declare
  last record;
begin
  select position, status, withdrawn into last
  from marketplace.application_steps
  where user_id = new.user_id
    and job_id = new.job_id
  order by position desc
  limit 1;
  if new.position = coalesce(last.position, 0) + 1
    and (new.status, new.withdrawn) is distinct from (last.status, last.withdrawn)
    and exists (
      select
      from marketplace.job_applications
      where user_id = new.user_id
        and job_id = new.job_id
        and status = new.status
        and (withdrawn_at is not null) = new.withdrawn
        and status_changed_at = new.changed_at
        and status_changed_by is not distinct from new.changed_by
    )
  then
    return new;
  end if;
  raise exception 'the application of user % to job % has taken no such step',
    new.user_id, new.job_id
    using errcode = 'check_violation', schema = 'marketplace', table = 'application_steps',
      constraint = 'application_steps_taken_check';
end
$$;

comment on function marketplace.check_step_taken()
is 'Refuses a step that its application has not taken';

create or replace trigger application_steps_taken
before insert on marketplace.application_steps
for each row execute function marketplace.check_step_taken();

create or replace trigger application_steps_append_only
before update or delete on marketplace.application_steps
for each row execute function marketplace.keep_application_steps();

create or replace trigger application_steps_no_truncate
after truncate on marketplace.application_steps
for each statement execute function marketplace.keep_application_steps();
