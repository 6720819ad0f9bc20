create or replace function platform.touch_updated_at() returns trigger
language plpgsql
as $$
-- Rules that Drizzle cannot write down: append-only tables, payments and rewards that follow their
-- transactions, deferrable orders, the claim of payment references, and updated_at. Every statement
-- may run again, because `push` applies this file to a database that may have it already. On an
-- empty database the locks do not matter; later, a trigger takes SHARE ROW EXCLUSIVE for a moment.
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

comment on function platform.touch_updated_at() is 'Moves updated_at at each real change of a row';
