comment on table marketplace.left_out_jobs is 'A job that packJobs left among the postings when it last packed';
