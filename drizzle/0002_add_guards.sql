-- Rules that Drizzle cannot write down: append-only tables, balanced transactions, deferrable
-- orders, the claim of payment references, and updated_at. Every statement may run again, because
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
