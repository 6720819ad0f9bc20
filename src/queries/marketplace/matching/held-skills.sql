-- What a person's skills mean to the searches, worked out once for each search.
create type marketplace.held_skills as (
  skill_ids integer[],
  -- How many of the person's skills stand at or after this one, in whichever order gives more.
  reaches integer[],
  -- Codes of needs that are met in full, and of those among them that are required.
  full_codes integer[],
  full_required integer[],
  -- Codes of the needs whose weight times fit, in twelfths, has the bit of 1, 2, 4, 8, 16.
  ones integer[],
  twos integer[],
  fours integer[],
  eights integer[],
  sixteens integer[],
  missing_bits bit(256)
);
