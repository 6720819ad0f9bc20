create or replace function marketplace.packed_share(
  held marketplace.skill_level, code integer, total_weight integer
) returns integer
language sql immutable parallel safe
as $$
  -- Rounded up, so that a job's sum is never below its score, and above it by less than one for
  -- each of its skills.
  select (
    1900 * (1 + (code & 1))
      * least(12, 12 * marketplace.level_number(held) / ((code >> 1 & 3) + 1))
    + 12 * total_weight - 1
  ) / (12 * total_weight)
$$;

comment on function marketplace.packed_share(marketplace.skill_level, integer, integer)
is 'What a skill held at a level is worth for a need of a job, in 1/1900 of the job''s weight';
