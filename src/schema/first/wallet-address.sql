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
  account constant text := upper(replace(owner::text, '-', '') collate "C");
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
