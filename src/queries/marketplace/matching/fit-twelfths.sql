create or replace function marketplace.fit_twelfths(
  held marketplace.skill_level, asked marketplace.skill_level
) returns integer
language sql immutable parallel safe
as $$
  -- Twelfths, because 12 divides by every level: no fraction is ever rounded.
  select least(
    12, coalesce(12 * marketplace.level_number(held) / marketplace.level_number(asked), 0)
  )
$$;

comment on function marketplace.fit_twelfths(marketplace.skill_level, marketplace.skill_level)
is 'How far a held level does for the asked one, in twelfths; 0 for a skill not held';
