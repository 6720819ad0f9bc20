-- PostgreSQL 18 has uuidv7() itself; older servers get one of the same name, so that the same
-- default works on both. One that somebody else made before us is as good and stays as it is. 48
-- bits of milliseconds, 12 bits of the fraction below them, 62 random bits: RFC 9562, section 5.7
-- and method 3 of section 6.2.
do $$
begin
  if to_regprocedure('pg_catalog.uuidv7()') is null
    and (
      to_regprocedure('public.uuidv7()') is null
      or obj_description(to_regprocedure('public.uuidv7()'), 'pg_proc')
        = 'A time-ordered UUID, as PostgreSQL 18 makes it'
    )
  then
    create or replace function public.uuidv7() returns uuid
    language sql volatile parallel safe
    as $body$
      select encode(
        set_byte(
          set_byte(
            overlay(
              overlay(
                uuid_send(gen_random_uuid())
                placing substring(int8send(micros / 1000) from 3) from 1 for 6
              )
              placing substring(int8send((micros % 1000) * 4096 / 1000) from 7) from 7 for 2
            ),
            6, (112 | (((micros % 1000) * 4096 / 1000) >> 8)::int)
          ),
          8, (128 | (get_byte(uuid_send(gen_random_uuid()), 0) & 63))
        ),
        'hex'
      )::uuid
      from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros) as clock
    $body$;
    comment on function public.uuidv7() is 'A time-ordered UUID, as PostgreSQL 18 makes it';
  end if;
end
$$;
