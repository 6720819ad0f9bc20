create or replace function marketplace.vector_field(vector numeric, place integer, width integer)
returns integer
language sql immutable parallel safe
as $$
  select substr(lpad(vector::text, 2048, '0'), 1 + width * place, width)::integer
$$;

comment on function marketplace.vector_field(numeric, integer, integer)
is 'The number that a vector has for one place';
