create or replace function finance.may_import(of_table regclass) returns boolean
language sql stable
as $$
  -- Whoever owns the table can disable its triggers anyhow, and says so in his session to write a
  -- history that was recorded elsewhere, as the large seed does: `set local azora.import_history =
  -- on`. By the role that logged in, which a function with its owner's rights does not change.
  select coalesce(current_setting('azora.import_history', true), '') = 'on'
    and pg_has_role(session_user, relowner, 'usage')
  from pg_class
  where pg_class.oid = of_table
$$;

comment on function finance.may_import(regclass)
is 'Whether this session writes a history that was recorded elsewhere';
