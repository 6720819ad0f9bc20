comment on table finance.payments is 'Money asked from a user through a payment provider';

create or replace trigger payments_touch
before update on finance.payments
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function finance.claim_payment_reference() returns trigger
language plpgsql
as $$
begin
  insert into finance.payment_references (provider, reference, user_id, payment_id)
  values (new.provider, new.provider_reference, new.user_id, new.id);
  return null;
end
$$;

comment on function finance.claim_payment_reference()
is 'Makes a provider''s reference unique over all users';

create or replace function finance.check_payment_postings() returns trigger
language plpgsql
as $$
-- The transactions that settled and refunded a payment moved its amount, between its parties and
-- for that purpose. What settled it was not given back to anyone; what refunds it is the opposite
-- of that, by the trigger on entries. One that reverses another refunds the payment which that one
-- settled, and settles none: a payment of type REFUND has one of its own.
declare
  is_refund constant boolean := new.type = 'REFUND';
  fees constant uuid := finance.system_owner('FEES');
  external constant uuid := finance.system_owner('EXTERNAL');
  broken text;
begin
  if not exists (
    select
    from finance.transactions
    where user_id = new.user_id
      and id = new.transaction_id
      and type = case
        when new.type = 'REFUND' then 'REFUND'
        else 'PAYMENT'
      end::finance.transaction_type
      and status = 'COMPLETED'
      and amount = new.amount
      and currency = new.currency
      and reverses_id is null
  ) or finance.moved_between(
    new.user_id, new.transaction_id,
    case when is_refund then fees else external end,
    case when is_refund then external else fees end,
    new.currency, new.amount
  ) is not true or (
    new.status = 'COMPLETED' and exists (
      select
      from finance.transactions
      where user_id = new.user_id
        and reverses_id = new.transaction_id
        and status = 'COMPLETED'
    )
  ) then
    broken := 'payments_settled_by_transaction_check';
  elsif new.status = 'REFUNDED' and not exists (
    select
    from finance.transactions
    where user_id = new.user_id
      and reverses_id = new.transaction_id
      and type = 'REFUND'
      and status = 'COMPLETED'
      and amount = new.amount
      and currency = new.currency
  ) then
    broken := 'payments_refunded_by_transaction_check';
  end if;
  if broken is not null then
    raise exception 'no transaction makes payment % %', new.id, new.status
      using errcode = 'check_violation', schema = 'finance', table = 'payments',
        constraint = broken;
  end if;
  return null;
end
$$;

comment on function finance.check_payment_postings()
is 'Refuses a settled or refunded payment whose transactions do not fit';

create or replace trigger payments_claim_reference
after insert on finance.payments
for each row execute function finance.claim_payment_reference();

create or replace trigger payments_reference_final
before update on finance.payments
for each row when (
  (old.provider, old.provider_reference) is distinct from (new.provider, new.provider_reference)
)
execute function platform.forbid_change();

-- What a payment is about never changes. PENDING becomes COMPLETED or FAILED, COMPLETED becomes
-- REFUNDED; what is settled changes in no other way.
create or replace trigger payments_final
before update on finance.payments
for each row when (
  (old.user_id, old.id, old.type, old.amount, old.currency, old.course_id)
    is distinct from (new.user_id, new.id, new.type, new.amount, new.currency, new.course_id)
  or old.status in ('FAILED', 'REFUNDED')
  or (old.status = 'PENDING' and new.status = 'REFUNDED')
  or (old.status = 'COMPLETED' and (
    new.status <> 'REFUNDED'
    or (old.transaction_id, old.completed_at, old.created_at)
      is distinct from (new.transaction_id, new.completed_at, new.created_at)
  ))
)
execute function platform.forbid_change();

create or replace trigger payments_settled_stay
before delete on finance.payments
for each row when (old.status <> 'PENDING')
execute function platform.forbid_change();

create or replace trigger payments_no_truncate
before truncate on finance.payments
for each statement execute function platform.forbid_change();

create or replace trigger payments_posted
after insert or update of status on finance.payments
for each row when (new.status in ('COMPLETED', 'REFUNDED'))
execute function finance.check_payment_postings();
