create or replace function finance.broken_reference(initiator uuid, referring uuid) returns text
language sql stable
as $$
  -- The rule that a completed transaction breaks against what it refers to, null if none. The
  -- trigger on entries and the audit ask the same.
  --
  -- A capture is paid by the holder, who is its initiator by the keys of holds. A reversal moves
  -- the opposite of each leg, or its share of that, rounded up as reverseTransaction does.
  with legs as (
    select user_id, currency, sum(amount) as amount
    from finance.entries
    where transaction_user_id = initiator
      and transaction_id = referring
    group by user_id, currency
  ), reversed_legs as (
    select entries.user_id, entries.currency, sum(entries.amount) as amount
    from finance.transactions as posted
    join finance.entries
      on transaction_user_id = posted.user_id and transaction_id = posted.reverses_id
    where posted.user_id = initiator
      and posted.id = referring
    group by entries.user_id, entries.currency
  )
  select case
    when posted.type <> 'REVERSAL' and posted.reverses_id is null then
      case
        when posted.type = 'CAPTURE' and (
          select amount from legs where user_id = initiator and currency = posted.currency
        ) is distinct from -posted.amount then 'entries_captured_from_holder_check'
      end
    when (
      reversed.status = 'COMPLETED'
      and reversed.currency = posted.currency
      and reversed.amount >= posted.amount
      and case posted.type
        when 'REVERSAL'
          then reversed.type in ('TRANSFER', 'DEPOSIT', 'WITHDRAWAL', 'EXCHANGE', 'CAPTURE')
        when 'REFUND' then reversed.type in ('PAYMENT', 'REFUND')
      end
    ) is not true then 'entries_reversible_check'
    when exists (
      select
      from legs
      full join reversed_legs using (user_id, currency)
      where coalesce(legs.amount, 0) <> -sign(coalesce(reversed_legs.amount, 0)) * div(
        abs(coalesce(reversed_legs.amount, 0)) * posted.amount + reversed.amount - 1,
        reversed.amount
      )
    ) then 'entries_reversed_parties_check'
  end
  from finance.transactions as posted
  left join finance.transactions as reversed
    on reversed.user_id = posted.user_id and reversed.id = posted.reverses_id
  where posted.user_id = initiator
    and posted.id = referring
$$;

comment on function finance.broken_reference(uuid, uuid)
is 'Which rule a reversal, refund or capture breaks against what it refers to, if any';
