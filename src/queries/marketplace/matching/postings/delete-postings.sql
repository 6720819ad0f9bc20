create or replace function marketplace.delete_postings(job_ids uuid[]) returns void
language sql
as $$
  delete from marketplace.skill_postings p
  using marketplace.compute_postings(job_ids) c
  where p.skill_id = c.skill_id
    and p.size_class = c.size_class
    and p.bound = c.bound
    and p.posted_minute = c.posted_minute
    and p.total_weight = c.total_weight
    and p.job_id = c.job_id
$$;

comment on function marketplace.delete_postings(uuid[])
is 'Removes these jobs from the inverted index, found by the very keys that put them there';
