comment on table marketplace.skill_postings
is 'One skill of one job that can match; derived from job_vectors';
