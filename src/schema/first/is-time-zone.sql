-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.is_time_zone(text)'), 'pg_proc')
    is distinct from 'Whether the server knows a time zone by this name'
    and to_regprocedure('public.is_time_zone(text)') is not null
  then
    raise exception using
      errcode = 'duplicate_function',
      message = format(
        'somebody else''s function has the name of ours, rename it first: %s',
        'public.is_time_zone(text)'
      );
  end if;
end
$$;

create or replace function public.is_time_zone(name text) returns boolean
language plpgsql immutable strict parallel safe
as $$
-- Declared immutable so that a check may call it. Time zone names are added to the server's list,
-- hardly ever removed; a row that names a removed one still reads, and fails at its next update.
begin
  perform timestamptz '2000-01-01 00:00:00+00' at time zone name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;

comment on function public.is_time_zone(text)
is 'Whether the server knows a time zone by this name';
