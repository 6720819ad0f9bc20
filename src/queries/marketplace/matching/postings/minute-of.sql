create or replace function marketplace.minute_of(instant timestamptz) returns integer
language sql immutable parallel safe
as $$
  select floor(extract(epoch from instant) / 60)::integer
$$;

comment on function marketplace.minute_of(timestamptz)
is 'The minute of an instant, counted from 1970';
