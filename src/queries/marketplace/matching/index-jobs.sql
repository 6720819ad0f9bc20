create or replace function marketplace.index_jobs(job_ids uuid[]) returns void
language plpgsql
set jit = off
as $$
-- The lock on the jobs' vectors, in key order, makes two writers of one job take turns. What
-- follows it are statements of their own: at READ COMMITTED they see what the first writer
-- committed, and at higher isolation the lock itself fails with 40001 when that writer changed the
-- vector. A job that is not active has an empty vector whatever its skills are, so its row is
-- written all the same: or else two writers at higher isolation would leave the skills of both, and
-- one who activates the job would index the skills of an old snapshot. At higher isolation the
-- ranks of the snapshot can be older than the last refresh, which the lock on its row tells: then
-- it is 40001 as well.
--
-- A job whose skills have changed leaves its block. Times and the order of its needs do not matter
-- there.
declare
  changed_ids uuid[];
  leaving_ids uuid[];
begin
  perform pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0);
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform from marketplace.rank_refreshes where id = 1 for share;
    if not found then
      insert into marketplace.rank_refreshes values (1, 0) on conflict do nothing;
    end if;
  end if;
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
    perform marketplace.delete_postings(changed_ids);
    delete from marketplace.packed_jobs where job_id = any (leaving_ids);
  end if;

  update marketplace.job_vectors v
  set needs = c.needs, codes = c.codes, total_weight = c.total_weight, skill_bits = c.skill_bits,
    posted_at = c.posted_at, expires_at = c.expires_at, remote = c.remote, location = c.location,
    currency = c.currency, top_salary = c.top_salary
  from marketplace.compute_job_vectors(job_ids) c
  where v.job_id = c.job_id
    and (v.* is distinct from c.* or c.needs = '{}');

  if changed_ids is not null then
    -- A job that is being deleted has a vector for a moment longer, but no skills any more.
    update marketplace.job_vectors v
    set needs = '{}', codes = '{}', total_weight = 0, skill_bits = 0::bit(256)
    where v.job_id = any (changed_ids)
      and not exists (select from marketplace.jobs j where j.id = v.job_id);

    insert into marketplace.skill_postings
    select * from marketplace.compute_postings(changed_ids);
  end if;
end
$$;

comment on function marketplace.index_jobs(uuid[])
is 'Brings vectors and postings of these jobs up to date';
