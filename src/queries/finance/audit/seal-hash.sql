create or replace function finance.seal_hash(seal bigint, previous bytea) returns bytea
language sql stable
as $$
  -- In the order of places, because the order of currencies is the database's own.
  select sha256(previous || int8send(seal) || string_agg(hash, '' order by place))
  from finance.sealed_ranges
  where seal_number = seal
$$;

comment on function finance.seal_hash(bigint, bytea)
is 'The hash of a seal over its ranges and the seal before';
