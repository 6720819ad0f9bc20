create or replace function platform.lagging_sequences(
  out sequence_name text, out table_name text, out column_name text,
  out greatest_value bigint, out next_value bigint
)
returns setof record
language plpgsql stable
as $$
-- Those of serial and identity columns, in our schemas and that of our migrations' books: others'
-- may be closed to who asks.
begin
  for sequence_name, table_name, column_name, next_value in
    select
      pg_sequence.seqrelid::regclass, owner.refobjid::regclass, quote_ident(attname),
      coalesce(pg_sequence_last_value(pg_sequence.seqrelid) + seqincrement, seqstart)
    from pg_sequence
    join pg_depend as owner
      on owner.classid = 'pg_class'::regclass
      and owner.objid = seqrelid
      and owner.refclassid = 'pg_class'::regclass
      and owner.deptype in ('a', 'i')
    join pg_attribute on attrelid = owner.refobjid and attnum = owner.refobjsubid
    join pg_class on pg_class.oid = seqrelid
    where relnamespace::regnamespace::text in (
      'identity', 'education', 'finance', 'marketplace', 'ai', 'platform', 'azora_db'
    )
    order by 1
  loop
    -- As platform.advance_identity has it.
    execute format(
      'select max(%s) from %s where %1$s < 100000000', column_name, table_name
    ) into greatest_value;
    if greatest_value >= next_value then
      return next;
    end if;
  end loop;
end
$$;

comment on function platform.lagging_sequences() is
  'Sequences whose next value is in their column already, as after logical replication, which '
  'copies none';
