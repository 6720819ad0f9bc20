create or replace function finance.entry_digest(entry finance.entries, posted finance.transactions)
returns bytea
language sql immutable
as $$
  -- Everything that an entry says, with what its transaction says about it. Instants go in as
  -- microseconds, because their text depends on the session.
  select sha256(convert_to(row(
    entry.user_id, entry.currency, entry.version, entry.amount, entry.posted_after,
    (extract(epoch from entry.recorded_at) * 1000000)::bigint,
    (extract(epoch from entry.occurred_at) * 1000000)::bigint,
    entry.transaction_user_id, entry.transaction_id, posted.type::text, posted.status::text,
    posted.currency, posted.amount, posted.description, posted.metadata::text,
    posted.idempotency_key, encode(posted.request_hash, 'hex'), posted.reverses_id,
    posted.rate_numerator, posted.rate_denominator,
    (extract(epoch from posted.occurred_at) * 1000000)::bigint,
    (extract(epoch from posted.recorded_at) * 1000000)::bigint
  )::text, 'UTF8'))
$$;

comment on function finance.entry_digest(finance.entries, finance.transactions)
is 'The SHA-256 of an entry and its transaction';
