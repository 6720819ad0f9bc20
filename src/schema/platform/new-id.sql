create or replace function platform.new_id() returns uuid
language sql volatile parallel safe
set search_path = pg_catalog, public
as $$
  -- Before PostgreSQL 18 uuidv7() is in public, where a session need not look.
  select uuidv7()
$$;

comment on function platform.new_id()
is 'A time-ordered UUID, whatever the search_path of the session is';
