create or replace function education.is_skipped_day(day date, zone text) returns boolean
language sql stable parallel safe
as $$
-- A day that a zone's calendar left out, when it moved across the date line: 30 December 2011 in
-- Pacific/Apia. Its noon is read as another day's.
select ((day + time '12:00') at time zone zone at time zone zone)::date <> day
$$;

comment on function education.is_skipped_day(date, text)
is 'Whether the local calendar of a time zone left out a day';
