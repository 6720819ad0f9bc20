create or replace function education.forbid_loss() returns trigger
language plpgsql
as $$
-- The history of an enrollment goes with it, when a user is erased, and never alone.
begin
  perform from education.enrollments where user_id = old.user_id and course_id = old.course_id;
  if found then
    raise exception '%.% is append-only: a row goes only with its enrollment',
      tg_table_schema, tg_table_name
      using errcode = 'restrict_violation', schema = tg_table_schema, table = tg_table_name,
        constraint = tg_table_name || '_append_only';
  end if;
  return old;
end
$$;

comment on function education.forbid_loss()
is 'Lets a row be deleted only when its enrollment is gone';
