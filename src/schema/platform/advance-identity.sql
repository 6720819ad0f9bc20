create or replace function platform.advance_identity() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
-- A sequence can be behind the ids that are there: logical replication copies none, and ids can be
-- given. It is put ahead of them before the statement draws from it. Under a lock, because a second
-- session that has looked already would put it back. No sequence gets as far as 100 million: ids
-- from there on were given, and are left alone.
declare
  source regclass := pg_get_serial_sequence(
    format('%I.%I', tg_table_schema, tg_table_name), 'id'
  );
  greatest_id bigint;
begin
  for attempt in 1..2 loop
    execute format(
      'select max(id) from %I.%I where id < 100000000', tg_table_schema, tg_table_name
    ) into greatest_id;
    exit when greatest_id is null or greatest_id < (
      select coalesce(pg_sequence_last_value(source) + seqincrement, seqstart)
      from pg_sequence
      where seqrelid = source
    );
    if attempt = 1 then
      perform pg_advisory_xact_lock(hashtextextended('azora ' || source::text, 0));
    else
      perform setval(source, greatest_id);
    end if;
  end loop;
  return null;
end
$$;

comment on function platform.advance_identity()
is 'Puts the sequence of a table''s id ahead of its ids';
