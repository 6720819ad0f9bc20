create or replace function marketplace.skill_bits(skill integer, required boolean) returns bit(256)
language sql immutable parallel safe
as $$
  -- Every skill sets one of the first 128 bits, a required one also one of the others. So the bits
  -- of a job that are not among a person's are at most the weight of the skills that the person
  -- lacks.
  select set_bit(0::bit(256), skill % 128, 1)
    | case when required
        then set_bit(0::bit(256), 128 + (((skill::bigint * 2654435761) >> 7) % 128)::integer, 1)
        else 0::bit(256)
      end
$$;

comment on function marketplace.skill_bits(integer, boolean)
is 'The bits that a skill sets in the signature of a job';
