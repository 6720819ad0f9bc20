comment on table education.learning_path_skills is 'A skill that a learning path teaches';
