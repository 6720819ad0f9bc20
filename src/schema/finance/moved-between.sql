create or replace function finance.moved_between(
  initiator uuid, id uuid, payer uuid, payee uuid, of_currency text, moved bigint
)
returns boolean
language sql stable
as $$
  -- The entries must be there already: those that come later are not looked at again.
  select count(*) = 2 and sum(amount) = 0 and bool_and(
    currency = of_currency
    and case user_id when payer then amount = -moved when payee then amount = moved end is true
  )
  from finance.entries
  where transaction_user_id = initiator
    and transaction_id = moved_between.id
$$;

comment on function finance.moved_between(uuid, uuid, uuid, uuid, text, bigint)
is 'Whether the entries of a transaction are one payment between two wallets';
