comment on table education.course_modules
is 'A part of a course; its weight is its share of the course''s progress';

-- Deferrable, so that two modules can swap places in one transaction.
alter table education.course_modules
add constraint course_modules_course_id_position_key
unique (course_id, position) deferrable initially immediate;

create or replace trigger course_modules_touch
before update on education.course_modules
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
