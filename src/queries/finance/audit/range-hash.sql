create or replace function finance.range_hash(
  owner uuid, of_currency text, first bigint, last bigint
)
returns bytea
language sql stable
as $$
  select sha256(
    uuid_send(owner) || convert_to(of_currency, 'UTF8') || int8send(first) || int8send(last)
    || coalesce(string_agg(finance.entry_digest(entries, transactions), '' order by version), '')
  )
  from finance.entries
  left join finance.transactions
    on transactions.user_id = transaction_user_id and transactions.id = transaction_id
  where entries.user_id = owner
    and entries.currency = of_currency
    and version between first and last
$$;

comment on function finance.range_hash(uuid, text, bigint, bigint)
is 'The SHA-256 over consecutive entries of a wallet';
