comment on table education.learning_paths
is 'An ordered set of courses that leads to a set of skills';

create or replace trigger learning_paths_touch
before update on education.learning_paths
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
