create or replace function marketplace.sample_share(job uuid) returns integer
language sql immutable parallel safe
as $$
  -- The last byte of an id decides.
  select width_bucket(get_byte(uuid_send(job), 15), array[1, 16])
$$;

comment on function marketplace.sample_share(uuid)
is '0 for one job in 256, 1 for those that with it make one in 16, 2 for all others';
