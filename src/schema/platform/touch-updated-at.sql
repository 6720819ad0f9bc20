create or replace function platform.touch_updated_at() returns trigger
language plpgsql
as $$
-- Wallets and enrollments do without: their hot paths set updated_at in the statement itself, and a
-- row trigger would make each of them compute the generated columns again.
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;

comment on function platform.touch_updated_at() is 'Moves updated_at at each real change of a row';
