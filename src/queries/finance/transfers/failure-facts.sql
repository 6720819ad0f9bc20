create or replace function finance.failure_facts(
  owner uuid, of_currency text, available numeric default null, requested numeric default null
) returns jsonb
language sql immutable
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'userId', owner,
    'currency', of_currency,
    'available', available::text,
    'requested', requested::text
  ))
$$;

comment on function finance.failure_facts(uuid, text, numeric, numeric)
is 'What a failed request says about the wallet that refused';
