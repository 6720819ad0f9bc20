create or replace function marketplace.drop_job_vectors(job_ids uuid[]) returns void
language plpgsql
as $$
begin
  perform from marketplace.job_vectors
  where job_id = any (job_ids)
  order by job_id
  for update;
  perform marketplace.delete_postings(job_ids);
  delete from marketplace.packed_jobs p where p.job_id = any (job_ids);
  delete from marketplace.job_vectors where job_id = any (job_ids);
end
$$;

comment on function marketplace.drop_job_vectors(uuid[]) is 'Removes these jobs from matching';
