comment on table education.assessments
is 'One user''s sitting of a quiz, exam, assignment, project or skill test';

create or replace trigger assessments_touch
before update on education.assessments
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function education.publish_assessment_pass() returns trigger
language plpgsql
as $$
-- Passing an assessment is the ground of a reward as well. A graded one is final, so it passes
-- once.
begin
  insert into platform.events (type, source, data)
  values (
    'assessment.passed', 'education',
    jsonb_build_object(
      'userId', new.user_id,
      'assessmentId', new.id,
      'courseId', new.course_id,
      'score', new.score,
      'maxScore', new.max_score
    )
  );
  return null;
end
$$;

comment on function education.publish_assessment_pass()
is 'Publishes assessment.passed in the transaction that graded it';

create or replace function education.keep_grade() returns trigger
language plpgsql
as $$
-- A grade is the ground of a reward: it goes only with its user.
begin
  perform from identity.users where id = old.user_id;
  if found then
    raise exception
      'education.assessments is append-only once graded: a grade goes only with its user'
      using errcode = 'restrict_violation', schema = 'education', table = 'assessments',
        constraint = 'assessments_append_only';
  end if;
  return old;
end
$$;

comment on function education.keep_grade()
is 'Lets a graded assessment be deleted only when its user is gone';

create or replace trigger assessments_publish_pass
after update on education.assessments
for each row when (
  old.status <> 'GRADED' and new.score::bigint * 100 >= new.pass_percent::bigint * new.max_score
)
execute function education.publish_assessment_pass();

create or replace trigger assessments_publish_inserted_pass
after insert on education.assessments
for each row when (
  new.status = 'GRADED' and new.score::bigint * 100 >= new.pass_percent::bigint * new.max_score
)
execute function education.publish_assessment_pass();

create or replace trigger assessments_keep_grade
before delete on education.assessments
for each row when (old.status = 'GRADED')
execute function education.keep_grade();

create or replace trigger assessments_no_truncate
before truncate on education.assessments
for each statement execute function platform.forbid_change();

-- What was handed in is graded as it was, by the terms that it was handed in under.
create or replace trigger assessments_final
before update on education.assessments
for each row when (
  old.status = 'GRADED'
  or new.status < old.status
  or (old.user_id, old.id) is distinct from (new.user_id, new.id)
  or (
    old.status = 'SUBMITTED'
    and (
      (old.course_id, old.type, old.title, old.questions, old.answers)
        is distinct from (new.course_id, new.type, new.title, new.questions, new.answers)
      or (old.max_score, old.pass_percent, old.created_at, old.started_at, old.submitted_at)
        is distinct from
        (new.max_score, new.pass_percent, new.created_at, new.started_at, new.submitted_at)
    )
  )
)
execute function platform.forbid_change();
