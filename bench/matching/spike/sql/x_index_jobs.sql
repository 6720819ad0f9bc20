-- In place of today's while writes are measured: no ranks to lock, no postings but those of gaps, and a row among the fresh jobs.
create or replace function marketplace.index_jobs(job_ids uuid[]) returns void
language plpgsql
set jit = off
as $$
declare
  changed_ids uuid[];
  leaving_ids uuid[];
begin
  perform from marketplace.job_vectors
  where job_id = any (job_ids)
  order by job_id
  for update;

  select array_agg(v.job_id), array_agg(v.job_id) filter (where v.codes <> coalesce(c.codes, '{}'))
  into changed_ids, leaving_ids
  from marketplace.job_vectors v
  left join marketplace.compute_job_vectors(job_ids) c on c.job_id = v.job_id
  where v.job_id = any (job_ids)
  and (
    v.needs <> coalesce(c.needs, '{}')
    or (v.posted_at, v.expires_at) is distinct from (c.posted_at, c.expires_at)
  );

  if changed_ids is not null then
    delete from spike.gap_postings p
    using spike.compute_gap_postings(changed_ids) c
    where p.skill_id = c.skill_id
    and p.job_id = c.job_id;
    delete from spike.packed_jobs where job_id = any (leaving_ids);
    delete from spike.fresh_jobs where job_id = any (leaving_ids);
  end if;

  update marketplace.job_vectors v
  set needs = c.needs, codes = c.codes, total_weight = c.total_weight, skill_bits = c.skill_bits,
    posted_at = c.posted_at, expires_at = c.expires_at, remote = c.remote, location = c.location,
    currency = c.currency, top_salary = c.top_salary
  from marketplace.compute_job_vectors(job_ids) c
  where v.job_id = c.job_id
  and (v.* is distinct from c.* or c.needs = '{}');

  if changed_ids is not null then
    update marketplace.job_vectors v
    set needs = '{}', codes = '{}', total_weight = 0, skill_bits = 0::bit(256)
    where v.job_id = any (changed_ids)
    and not exists (select from marketplace.jobs j where j.id = v.job_id);

    insert into spike.gap_postings
    select * from spike.compute_gap_postings(changed_ids);
    insert into spike.fresh_jobs
    select v.job_id, v.needs, v.total_weight
    from marketplace.job_vectors v
    where v.job_id = any (leaving_ids)
    and v.total_weight > 0;
  end if;
end
$$;
