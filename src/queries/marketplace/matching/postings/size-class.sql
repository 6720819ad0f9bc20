create or replace function marketplace.size_class(total_weight integer) returns smallint
language sql immutable parallel safe
as $$
  -- The lower ends are in match_jobs as well.
  select width_bucket(total_weight, array[9, 17, 25, 33, 49])::smallint
$$;

comment on function marketplace.size_class(integer) is 'Small and large jobs apart: 0 to 5';
