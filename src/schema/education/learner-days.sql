comment on table education.learner_days
is 'The days on which a learner did something, merged into streaks';
