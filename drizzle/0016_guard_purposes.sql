-- What plain SQL could still do to payments and to the platform's wallets: settle a payment by the refund of another,
-- tie references that are not its own to a payment, close a wallet that every payment needs. A trigger
-- takes SHARE ROW EXCLUSIVE on its table for a moment; stop writers of money before it. Rows that are so already stay, and
-- auditLedger names them.

-- The transactions that settled and refunded a payment moved its amount, and for that purpose. One that reverses
-- another refunds the payment which that one settled, and settles none: a payment of type REFUND has one of its own.
create or replace function finance.check_payment_postings() returns trigger
language plpgsql
as $$
declare
  broken text;
begin
  if not exists (
    select
    from finance.transactions
    where user_id = new.user_id
      and id = new.transaction_id
      and type = case when new.type = 'REFUND' then 'REFUND' else 'PAYMENT' end::finance.transaction_type
      and status = 'COMPLETED'
      and amount = new.amount
      and currency = new.currency
      and reverses_id is null
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
      using errcode = 'check_violation', schema = 'finance', table = 'payments', constraint = broken;
  end if;
  return null;
end
$$;
--> statement-breakpoint
-- Claimed references come from finance.claim_payment_reference alone, and are those of their payment. Any other would
-- keep the payment that has it from being created.
create or replace function finance.check_payment_reference() returns trigger
language plpgsql
as $$
begin
  if not exists (
    select
    from finance.payments
    where user_id = new.user_id
      and id = new.payment_id
      and provider = new.provider
      and provider_reference = new.reference
  ) then
    raise exception 'the reference is not that of payment %', new.payment_id
      using errcode = 'check_violation', schema = 'finance', table = 'payment_references',
        constraint = 'payment_references_of_payment_check';
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function finance.check_payment_reference() is 'Refuses a claimed reference that its payment does not have';
--> statement-breakpoint
create or replace trigger payment_references_of_payment
after insert on finance.payment_references
for each row execute function finance.check_payment_reference();
--> statement-breakpoint
-- After the update and of one column: a row trigger before it would make every posting compute the wallet's generated
-- columns again.
create or replace trigger wallets_system_open
after update of status on finance.wallets
for each row when (old.kind <> 'USER' and new.status <> 'OPEN')
execute function platform.forbid_change();
