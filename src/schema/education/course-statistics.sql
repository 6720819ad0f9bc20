comment on table education.course_statistics
is 'A share of a course''s counts; the course''s are the sums over its rows';

-- Its few rows change all the time.
alter table education.course_statistics set (fillfactor = 50);
