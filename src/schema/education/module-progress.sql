comment on table education.module_progress
is 'How far a learner is in one module, and where to resume';

-- As of enrollments.
alter table education.module_progress set (fillfactor = 85);
