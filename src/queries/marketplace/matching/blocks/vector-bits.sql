create or replace function marketplace.vector_bits(vector numeric) returns bit varying
language sql immutable parallel safe
as $$
  -- As binary, because a digit of numeric is four decimal ones, in 16 bits; as text of it, the same
  -- took twice as long. The head of 64 bits and one digit that keeps leading zeros come before the
  -- first place. Inlined.
  select ('x' || encode(numeric_send(vector), 'hex'))::bit(8272)
$$;

comment on function marketplace.vector_bits(numeric) is
  'A vector that 1000 stands before, as bits: place n begins at bit 80 + n times its width, '
  'counted from 0';
