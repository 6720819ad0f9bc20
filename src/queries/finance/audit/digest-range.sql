create or replace function finance.digest_range(
  owner uuid, of_currency text, first bigint, last bigint,
  out digests bytea, out hash bytea
)
language sql stable
as $$
  -- Reads each entry once: large metadata is what sealing and verifying spend their time on.
  select
    coalesce(string_agg(substring(digest for 8), '' order by version), ''),
    sha256(
      uuid_send(owner) || convert_to(of_currency, 'UTF8') || int8send(first) || int8send(last)
      || coalesce(string_agg(digest, '' order by version), '')
    )
  from (
    select version, finance.entry_digest(entries, transactions) as digest
    from finance.entries
    left join finance.transactions
      on transactions.user_id = transaction_user_id and transactions.id = transaction_id
    where entries.user_id = owner
      and entries.currency = of_currency
      and version between first and last
    offset 0
  ) as digested_entries
$$;

comment on function finance.digest_range(uuid, text, bigint, bigint) is
  'Of consecutive entries of a wallet the SHA-256 over all, and the first 8 bytes of each one''s';
