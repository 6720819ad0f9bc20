create or replace function finance.entry_digest(entry finance.entries, posted finance.transactions)
returns bytea
language sql stable
as $$
  -- Everything that an entry says, with what its transaction says about it, in a form that no
  -- setting and no locale changes: instants as microseconds, bytes in hexadecimal, and JSON, whose
  -- quoting is always the same (that of a row asks the locale what a blank is).
  select sha256(convert_to(json_build_array(
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
