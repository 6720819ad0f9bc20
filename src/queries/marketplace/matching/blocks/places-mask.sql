create or replace function marketplace.places_mask(least_share integer, width integer) returns bit
language sql immutable parallel safe
as $$
  select (
    'x' || repeat(
      lpad(
        to_hex(65536 - (1 << (length(ltrim(least_share::bit(16)::text, '0')) - 1))),
        width / 4, 'f'
      ),
      512 / width
    )
  )::bit(512)
$$;

comment on function marketplace.places_mask(integer, integer)
is 'For 512 bits of a vector: those of which a number that is not less has one at least';
