comment on table marketplace.packed_jobs is 'Where in the blocks a packed job is';

comment on table marketplace.packed_shares is 'What a skill is worth in each job of a block';

comment on table marketplace.packed_bounds
is 'What a skill is worth at most in each block of a group';

comment on table marketplace.left_out_jobs
is 'A job that packJobs left among the postings when it last packed';

alter table marketplace.packed_shares alter column shares set storage plain;

-- Room for the next block, so that adding it to a group stays on the page.
alter table marketplace.packed_bounds alter column bounds set storage plain, set (fillfactor = 70);
