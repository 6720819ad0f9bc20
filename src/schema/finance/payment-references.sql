comment on table finance.payment_references
is 'Which payment holds a provider''s reference, over all users';

create or replace function finance.check_payment_reference() returns trigger
language plpgsql
as $$
-- Claimed references come from finance.claim_payment_reference alone, and are those of their
-- payment. Any other would keep the payment that has it from being created.
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

comment on function finance.check_payment_reference()
is 'Refuses a claimed reference that its payment does not have';

-- A reference goes only with its payment, by the cascade, which runs one trigger deeper.
create or replace trigger payment_references_append_only
before update or delete on finance.payment_references
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();

create or replace trigger payment_references_no_truncate
before truncate on finance.payment_references
for each statement execute function platform.forbid_change();

create or replace trigger payment_references_of_payment
after insert on finance.payment_references
for each row execute function finance.check_payment_reference();
