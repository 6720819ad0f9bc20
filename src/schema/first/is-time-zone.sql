-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.is_time_zone(text)'), 'pg_proc')
    not in (
    'Whether a time zone could have this name',
    'Whether the server knows a time zone by this name'
  )
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
language sql immutable parallel safe
as $$
-- The form of the names that the IANA database has, which PostgreSQL and JavaScript read alike.
-- Left out is what they read apart: abbreviations (IST is Israel's time here, India's there, CET
-- has no summer here), and POSIX rules, whose sign is the opposite (UTC+3 is west of Greenwich).
-- Whether there is such a zone is for a trigger to ask: it takes an exception block, which no
-- parallel scan may run, or a look at all zones.
select name ~ ('^(?:[A-Z][A-Za-z]*(?:/[A-Z][A-Za-z]*(?:[_-][A-Za-z]+)*)+'
  '|Etc/GMT(?:[+-]?0|-(?:[1-9]|1[0-4])|[+](?:[1-9]|1[0-2]))'
  '|UTC|GMT|UCT|Universal|Greenwich|Zulu|Cuba|Egypt|Eire|GB|GB-Eire|Hongkong|Iceland|Iran|Israel'
  '|Jamaica|Japan|Kwajalein|Libya|NZ|NZ-CHAT|Navajo|PRC|Poland|Portugal|ROC|ROK|Singapore|Turkey'
  '|W-SU|EST5EDT|CST6CDT|MST7MDT|PST8PDT)$' collate "C") and length(name) <= 64
$$;

comment on function public.is_time_zone(text)
is 'Whether a time zone could have this name';
