create or replace function marketplace.score_match(person uuid, job uuid) returns integer
language sql stable parallel safe
as $$
  select coalesce(
    sum((1 + js.required::int) * marketplace.fit_twelfths(us.level, js.level)) * 10000
      / (12 * sum(1 + js.required::int)),
    0
  )::integer
  from marketplace.job_skills js
  left join marketplace.user_skills us on us.user_id = person and us.skill_id = js.skill_id
  where js.job_id = job
$$;

comment on function marketplace.score_match(uuid, uuid)
is 'The match score of a person and a job in basis points, whatever the job''s status';
