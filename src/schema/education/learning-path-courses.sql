comment on table education.learning_path_courses is 'A course''s place in a learning path';

-- Deferrable, so that two courses can swap places in one transaction.
alter table education.learning_path_courses
add constraint learning_path_courses_learning_path_id_position_key
unique (learning_path_id, position) deferrable initially immediate;
