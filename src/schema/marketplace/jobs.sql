comment on table marketplace.jobs is 'An open position; salaries are yearly';

create or replace trigger jobs_touch
before update on marketplace.jobs
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function marketplace.maintain_from_jobs() returns trigger
language plpgsql
as $$
-- Only the work on keys is in the functions that this calls, so that a row trigger could call them
-- as well.
declare
  gone_ids uuid[];
  new_ids uuid[];
  changed_ids uuid[];
begin
  if tg_op = 'INSERT' then
    perform marketplace.add_job_vectors(array(select id from new_jobs));
  elsif tg_op = 'DELETE' then
    perform marketplace.drop_job_vectors(array(select id from old_jobs));
  elsif tg_op = 'TRUNCATE' then
    -- Packing takes rows of vectors first and then these tables, in whatever order.
    perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
    truncate marketplace.job_vectors, marketplace.skill_postings, marketplace.packed_jobs,
      marketplace.packed_shares, marketplace.packed_bounds;
  else
    select array_agg(o.id) filter (where n.id is null),
      array_agg(n.id) filter (where o.id is null),
      array_agg(n.id) filter (
        where (o.status, o.deleted_at, o.posted_at, o.expires_at, o.remote, o.location, o.currency,
            o.salary_max, o.salary_min)
          is distinct from (n.status, n.deleted_at, n.posted_at, n.expires_at, n.remote, n.location,
            n.currency, n.salary_max, n.salary_min)
      )
    into gone_ids, new_ids, changed_ids
    from old_jobs o
    full join new_jobs n on n.id = o.id;
    if gone_ids is not null then
      perform marketplace.drop_job_vectors(gone_ids);
      perform marketplace.add_job_vectors(new_ids);
    end if;
    if changed_ids is not null then
      perform marketplace.index_jobs(changed_ids);
    end if;
  end if;
  return null;
end
$$;

comment on function marketplace.maintain_from_jobs()
is 'Keeps job_vectors and skill_postings right when jobs change';

create or replace trigger jobs_maintain_inserted
after insert on marketplace.jobs
referencing new table as new_jobs
for each statement execute function marketplace.maintain_from_jobs();

create or replace trigger jobs_maintain_updated
after update on marketplace.jobs
referencing old table as old_jobs new table as new_jobs
for each statement execute function marketplace.maintain_from_jobs();

create or replace trigger jobs_maintain_deleted
after delete on marketplace.jobs
referencing old table as old_jobs
for each statement execute function marketplace.maintain_from_jobs();

create or replace trigger jobs_maintain_truncated
after truncate on marketplace.jobs
for each statement execute function marketplace.maintain_from_jobs();
