comment on table marketplace.job_vectors
is 'What matching needs to know of one job; derived from jobs and job_skills';
