create or replace function platform.forbid_change() returns trigger
language plpgsql
as $$
-- 23001 is restrict_violation. The table and a name for the rule go with the error, as they would
-- with a constraint, so that callers decide by them and never by the message.
begin
  raise exception '%.% is append-only: % is not allowed',
    tg_table_schema, tg_table_name, lower(tg_op collate "C")
    using errcode = 'restrict_violation', schema = tg_table_schema, table = tg_table_name,
      constraint = tg_table_name || '_append_only';
end
$$;

comment on function platform.forbid_change()
is 'Refuses every change of an append-only table, for its owner too';
