create or replace function marketplace.level_number(level marketplace.skill_level) returns integer
language sql immutable parallel safe
as $$
  -- Not declared strict, like the other functions that a job's vector is computed with: a strict
  -- one is not inlined, and computing the vectors of 10,000 jobs took 3.8 s instead of 0.7 s.
  select case level
    when 'BEGINNER' then 1
    when 'INTERMEDIATE' then 2
    when 'ADVANCED' then 3
    when 'EXPERT' then 4
  end
$$;

comment on function marketplace.level_number(marketplace.skill_level) is 'BEGINNER 1 to EXPERT 4';
