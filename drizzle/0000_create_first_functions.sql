-- Functions that column defaults, generated columns and checks call; they exist before the tables. They are in public, the
-- one schema that is there before the first table. Locks nothing. Operator: a function of somebody else in
-- the way has to be renamed first, and the error says which.
--> statement-breakpoint
set local check_function_bodies = off;
--> statement-breakpoint
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
--> statement-breakpoint
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
--> statement-breakpoint
-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.wallet_address(uuid, text)'), 'pg_proc')
    is distinct from 'The address of an owner''s wallet in a currency, with check digits'
    and to_regprocedure('public.wallet_address(uuid, text)') is not null
  then
    raise exception using
      errcode = 'duplicate_function',
      message = format(
        'somebody else''s function has the name of ours, rename it first: %s',
        'public.wallet_address(uuid, text)'
      );
  end if;
end
$$;

create or replace function public.wallet_address(owner uuid, currency text) returns text
language plpgsql immutable strict parallel safe
as $$
-- Currency, two check digits, owner: as an IBAN has country, check digits, account. The digits are
-- ISO 7064 MOD 97-10 over two decimal digits for each character (0 is 00, A is 10, Z is 35), where
-- an IBAN has one for a digit and two for a letter. So each place weighs a power of 3 (100 modulo
-- 97), which repeat after 48 places only, and an address has at most 41; and two characters differ
-- by less than 97. Hence every single wrong character and every two that changed places are found.
-- With an IBAN's widths they are not: there ...40b1 and ...401b have the same digits.
declare
  account constant text := upper(replace(owner::text, '-', ''));
  remainder integer := 0;
  code integer;
begin
  for code in select ascii(symbol) from string_to_table(currency || account, null) as symbol loop
    remainder := (remainder * 100 + code - case when code < 58 then 48 else 55 end) % 97;
  end loop;
  return currency || lpad((98 - remainder * 100 % 97)::text, 2, '0') || account;
end
$$;

comment on function public.wallet_address(uuid, text)
is 'The address of an owner''s wallet in a currency, with check digits';
