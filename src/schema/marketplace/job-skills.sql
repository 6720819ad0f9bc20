comment on table marketplace.job_skills
is 'A skill that a job asks for, at a level: required or nice to have';

create or replace function marketplace.maintain_from_job_skills() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'INSERT' then
    perform marketplace.index_jobs(array(select distinct job_id from new_job_skills));
  elsif tg_op = 'DELETE' then
    perform marketplace.index_jobs(array(select distinct job_id from old_job_skills));
  elsif tg_op = 'TRUNCATE' then
    perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
    truncate marketplace.skill_postings, marketplace.packed_jobs, marketplace.packed_shares,
      marketplace.packed_bounds;
    update marketplace.job_vectors
    set needs = '{}', codes = '{}', total_weight = 0, skill_bits = 0::bit(256)
    where total_weight > 0;
  else
    perform marketplace.index_jobs(array(
      select job_id from new_job_skills
      union
      select job_id from old_job_skills
    ));
  end if;
  return null;
end
$$;

comment on function marketplace.maintain_from_job_skills()
is 'Keeps job_vectors and skill_postings right when job_skills change';

create or replace function marketplace.check_skill_count() returns trigger
language plpgsql
as $$
-- Matching counts a job's weight in small integers. These triggers come after those that maintain
-- the index, in order of their names, because these hold the lock on the job's vector by then: so
-- what two transactions add at the same time is counted together.
declare
  full_job uuid;
begin
  select c.job_id into full_job
  from (select distinct n.job_id from new_skills n) c
  where (
    select count(*)
    from marketplace.job_skills js
    where js.job_id = c.job_id
  ) > 500
  limit 1;
  if found then
    raise exception 'job % would ask for more than 500 skills', full_job
      using errcode = 'check_violation', schema = 'marketplace', table = 'job_skills',
        constraint = 'job_skills_count_check';
  end if;
  return null;
end
$$;

comment on function marketplace.check_skill_count() is 'Refuses a job with more than 500 skills';

create or replace trigger job_skills_maintain_inserted
after insert on marketplace.job_skills
referencing new table as new_job_skills
for each statement execute function marketplace.maintain_from_job_skills();

create or replace trigger job_skills_maintain_updated
after update on marketplace.job_skills
referencing old table as old_job_skills new table as new_job_skills
for each statement execute function marketplace.maintain_from_job_skills();

create or replace trigger job_skills_maintain_deleted
after delete on marketplace.job_skills
referencing old table as old_job_skills
for each statement execute function marketplace.maintain_from_job_skills();

create or replace trigger job_skills_maintain_truncated
after truncate on marketplace.job_skills
for each statement execute function marketplace.maintain_from_job_skills();

create or replace trigger job_skills_most_inserted
after insert on marketplace.job_skills
referencing new table as new_skills
for each statement execute function marketplace.check_skill_count();

create or replace trigger job_skills_most_updated
after update on marketplace.job_skills
referencing new table as new_skills
for each statement execute function marketplace.check_skill_count();
