-- Rules that Drizzle cannot write down: append-only tables, payments and rewards that follow their
-- transactions, deferrable orders, the claim of payment references, and updated_at. Every statement may run again, because
-- `push` applies this file to a database that may have it already. On an empty database the locks
-- do not matter; later, a trigger takes SHARE ROW EXCLUSIVE for a moment.

create or replace function platform.touch_updated_at() returns trigger
language plpgsql
as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end
$$;
--> statement-breakpoint
comment on function platform.touch_updated_at() is 'Moves updated_at at each real change of a row';
--> statement-breakpoint
-- Wallets and enrollments are left out: their hot paths set updated_at in the statement itself,
-- and a row trigger would make each of them compute the generated columns again.
do $$
declare
  touched text;
begin
  foreach touched in array array[
    'identity.users', 'identity.user_profiles', 'education.courses', 'education.course_modules',
    'education.assessments', 'education.learning_paths', 'finance.mining_activities',
    'finance.payments', 'marketplace.skills', 'marketplace.user_skills', 'marketplace.jobs',
    'marketplace.job_applications', 'ai.ai_personalities', 'ai.chat_sessions',
    'platform.safety_incidents'
  ] loop
    execute format(
      'create or replace trigger %I before update on %s
       for each row when (old.* is distinct from new.*)
       execute function platform.touch_updated_at()',
      split_part(touched, '.', 2) || '_touch', touched
    );
  end loop;
end
$$;
--> statement-breakpoint
-- 23001 is restrict_violation. The table and a name for the rule go with the error, as they would
-- with a constraint, so that callers decide by them and never by the message.
create or replace function platform.forbid_change() returns trigger
language plpgsql
as $$
begin
  raise exception '%.% is append-only: % is not allowed', tg_table_schema, tg_table_name, lower(tg_op)
    using errcode = 'restrict_violation', schema = tg_table_schema, table = tg_table_name,
      constraint = tg_table_name || '_append_only';
end
$$;
--> statement-breakpoint
comment on function platform.forbid_change() is 'Refuses every change of an append-only table, for its owner too';
--> statement-breakpoint
create or replace trigger audit_log_append_only
before update or delete or truncate on platform.audit_log
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace function finance.claim_payment_reference() returns trigger
language plpgsql
as $$
begin
  insert into finance.payment_references (provider, reference, user_id, payment_id)
  values (new.provider, new.provider_reference, new.user_id, new.id);
  return null;
end
$$;
--> statement-breakpoint
comment on function finance.claim_payment_reference() is 'Makes a provider''s reference unique over all users';
--> statement-breakpoint
create or replace trigger payments_claim_reference
after insert on finance.payments
for each row execute function finance.claim_payment_reference();
--> statement-breakpoint
create or replace trigger payments_reference_final
before update on finance.payments
for each row when (
  (old.provider, old.provider_reference) is distinct from (new.provider, new.provider_reference)
)
execute function platform.forbid_change();
--> statement-breakpoint
-- A reference goes only with its payment, by the cascade, which runs one trigger deeper.
create or replace trigger payment_references_append_only
before update or delete on finance.payment_references
for each statement when (pg_trigger_depth() = 0)
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger payment_references_no_truncate
before truncate on finance.payment_references
for each statement execute function platform.forbid_change();
--> statement-breakpoint
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
--> statement-breakpoint
create or replace trigger payments_settled_stay
before delete on finance.payments
for each row when (old.status <> 'PENDING')
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger payments_no_truncate
before truncate on finance.payments
for each statement execute function platform.forbid_change();
--> statement-breakpoint
-- The transactions that settled and refunded a payment moved its amount, and for that purpose.
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
comment on function finance.check_payment_postings() is 'Refuses a settled or refunded payment whose transactions do not fit';
--> statement-breakpoint
create or replace trigger payments_posted
after insert or update of status on finance.payments
for each row when (new.status in ('COMPLETED', 'REFUNDED'))
execute function finance.check_payment_postings();
--> statement-breakpoint
-- A proof goes from PENDING over VERIFIED to REWARDED, or to REJECTED, and then stays as it is.
create or replace trigger mining_activities_final
before update on finance.mining_activities
for each row when (
  (old.user_id, old.id, old.type) is distinct from (new.user_id, new.id, new.type)
  or old.status in ('REWARDED', 'REJECTED')
  or (old.status = 'VERIFIED' and new.status = 'PENDING')
)
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger mining_activities_decided_stay
before delete on finance.mining_activities
for each row when (old.status in ('REWARDED', 'REJECTED'))
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger mining_activities_no_truncate
before truncate on finance.mining_activities
for each statement execute function platform.forbid_change();
--> statement-breakpoint
create or replace function finance.check_reward_posting() returns trigger
language plpgsql
as $$
begin
  if not exists (
    select
    from finance.transactions
    where user_id = new.user_id
      and id = new.transaction_id
      and type = 'MINING_REWARD'
      and status = 'COMPLETED'
      and amount = new.tokens_earned
      and currency = 'AZR'
  ) then
    raise exception 'no transaction rewards activity %', new.id
      using errcode = 'check_violation', schema = 'finance', table = 'mining_activities',
        constraint = 'mining_activities_rewarded_by_transaction_check';
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function finance.check_reward_posting() is 'Refuses a reward whose transaction does not fit';
--> statement-breakpoint
create or replace trigger mining_activities_posted
after insert or update of status on finance.mining_activities
for each row when (new.status = 'REWARDED')
execute function finance.check_reward_posting();
--> statement-breakpoint
-- Deferrable, so that two modules can swap places in one transaction.
do $$
begin
  if not exists (select from pg_constraint where conname = 'course_modules_course_id_position_key') then
    alter table education.course_modules
      add constraint course_modules_course_id_position_key
      unique (course_id, position) deferrable initially immediate;
  end if;
  if not exists (select from pg_constraint where conname = 'learning_path_courses_learning_path_id_position_key') then
    alter table education.learning_path_courses
      add constraint learning_path_courses_learning_path_id_position_key
      unique (learning_path_id, position) deferrable initially immediate;
  end if;
end
$$;
