create or replace function finance.broken_purpose(initiator uuid, completed uuid) returns text
language sql stable
as $$
  -- The rule that a completed capture, release or refund breaks by what it leaves: a hold that it
  -- does not end, no entries, or a payment that counts as settled though its money was given back.
  select case
    when type in ('CAPTURE', 'RELEASE') and not exists (
      select from finance.holds where user_id = initiator and resolution_id = completed
    ) then 'transactions_completed_has_hold_check'
    when type <> 'RELEASE' and not exists (
      select
      from finance.entries
      where transaction_user_id = initiator and transaction_id = completed
    ) then 'transactions_completed_has_entries_check'
    when type = 'REFUND' and exists (
      select
      from finance.payments
      where user_id = initiator
        and transaction_id = reverses_id
        and status <> 'REFUNDED'
    ) then 'transactions_refund_of_refunded_check'
  end
  from finance.transactions
  where user_id = initiator
    and id = completed
$$;

comment on function finance.broken_purpose(uuid, uuid)
is 'Which rule a completed capture, release or refund breaks by what it leaves, if any';
