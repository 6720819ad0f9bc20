comment on table education.courses is 'A course, as its author edits it';

create or replace trigger courses_touch
before update on education.courses
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
