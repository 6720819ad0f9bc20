-- Rules of the database that real use has shown to be missing: what may exist of a currency with a
-- supply limit, between whom reversals, captures, settlements and rewards move money, what stays
-- after it was agreed, times that are finite, limits of free text and JSON, seals that follow from
-- the entries, completions that were earned, and nothing that a restore or a replica would lose.
--
-- Locks each table while its new checks read its rows; a row that breaks one stops the migration
-- and names the check: infinity in a time, metadata above 64 KiB. Look for such rows first.
--
-- Seals are made anew, because what they hash no longer depends on the database's collation: run
-- verifySeals before, sealEntries after, and keep the new head. The system wallets' owners get ids
-- that are UUIDs by RFC 9562: every entry of theirs, about half of all, is rewritten under locks,
-- and the addresses of these wallets change. Stop the services of the release before.
--
-- Names, emails and places are compared alike in every database, whatever its locale: the unique
-- indexes of users, skills and personalities and the search index of jobs are built anew. It stops
-- at a unique index when the locale or composition alone kept two rows apart. Look for them first,
-- and rename or merge: in psql, for users, skills and personalities alike,
--   select array_agg(id) from identity.users
--   group by replace(replace(normalize(lower(email collate "und-x-icu")), U&'i\0307', 'i'),
--     U&'\03C2', U&'\03C3') having count(*) > 1;
--> statement-breakpoint
set local check_function_bodies = off;
--> statement-breakpoint
-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.fold_text(text)'), 'pg_proc')
    is distinct from 'Text as it is compared whatever the case of its letters, in every database'
    and to_regprocedure('public.fold_text(text)') is not null
  then
    raise exception using
      errcode = 'duplicate_function',
      message = format(
        'somebody else''s function has the name of ours, rename it first: %s',
        'public.fold_text(text)'
      );
  end if;
  if current_setting('server_encoding') <> 'UTF8'
    or not exists (select from pg_collation where collname = 'und-x-icu')
  then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'names and emails cannot be compared in this database',
      hint = 'It takes the encoding UTF8, and a server that was built with ICU.';
  end if;
end
$$;

create or replace function public.fold_text(value text) returns text
language sql immutable parallel safe
-- The collation is the root of all, so the database's own does not matter: in a Turkish one `I` is
-- the capital of a dotless i, and C knows ASCII only. Its letters have one lower case for ever;
-- how a later ICU sorts them does not matter, because what is folded is compared as bytes. Composed
-- and decomposed letters are one (NFC), after the lower case, because that can compose anew. The
-- Turkish capital with a dot is an i, as in Unicode's table of single letters, and both small
-- sigmas are one; replaced last, so that marks in another order make no difference. Not strict, so
-- that it can be inlined: as a call it would take three times as long. Composing is most of its
-- cost, so it is done once.
return replace(
  replace(normalize(lower(value collate "und-x-icu")), U&'i\0307', 'i'), U&'\03C2', U&'\03C3'
);

comment on function public.fold_text(text)
is 'Text as it is compared whatever the case of its letters, in every database';
--> statement-breakpoint
-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.is_time_zone(text)'), 'pg_proc')
    not in (
    'Whether a time zone could have this name',
    'Whether the server knows a time zone by this name'
  )
    and to_regprocedure('public.is_time_zone(text)') is not null
  then
    raise exception using
      errcode = 'duplicate_function',
      message = format(
        'somebody else''s function has the name of ours, rename it first: %s',
        'public.is_time_zone(text)'
      );
  end if;
end
$$;

create or replace function public.is_time_zone(name text) returns boolean
language sql immutable parallel safe
as $$
-- The form of the names that the IANA database has, which PostgreSQL and JavaScript read alike.
-- Left out is what they read apart: abbreviations (IST is Israel's time here, India's there, CET
-- has no summer here), and POSIX rules, whose sign is the opposite (UTC+3 is west of Greenwich).
-- Whether there is such a zone is for a trigger to ask: it takes an exception block, which no
-- parallel scan may run, or a look at all zones.
select name ~ ('^(?:[A-Z][A-Za-z]*(?:/[A-Z][A-Za-z]*(?:[_-][A-Za-z]+)*)+'
  '|Etc/GMT(?:[+-]?0|-(?:[1-9]|1[0-4])|[+](?:[1-9]|1[0-2]))'
  '|UTC|GMT|UCT|Universal|Greenwich|Zulu|Cuba|Egypt|Eire|GB|GB-Eire|Hongkong|Iceland|Iran|Israel'
  '|Jamaica|Japan|Kwajalein|Libya|NZ|NZ-CHAT|Navajo|PRC|Poland|Portugal|ROC|ROK|Singapore|Turkey'
  '|W-SU|EST5EDT|CST6CDT|MST7MDT|PST8PDT)$' collate "C") and length(name) <= 64
$$;

comment on function public.is_time_zone(text)
is 'Whether a time zone could have this name';
--> statement-breakpoint
-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.wallet_address(uuid, text)'), 'pg_proc')
    is distinct from 'The address of an owner''s wallet in a currency, with check digits'
    and to_regprocedure('public.wallet_address(uuid, text)') is not null
  then
    raise exception using
      errcode = 'duplicate_function',
      message = format(
        'somebody else''s function has the name of ours, rename it first: %s',
        'public.wallet_address(uuid, text)'
      );
  end if;
end
$$;

create or replace function public.wallet_address(owner uuid, currency text) returns text
language plpgsql immutable strict parallel safe
as $$
-- Currency, two check digits, owner: as an IBAN has country, check digits, account. The digits are
-- ISO 7064 MOD 97-10 over two decimal digits for each character (0 is 00, A is 10, Z is 35), where
-- an IBAN has one for a digit and two for a letter. So each place weighs a power of 3 (100 modulo
-- 97), which repeat after 48 places only, and an address has at most 41; and two characters differ
-- by less than 97. Hence every single wrong character and every two that changed places are found.
-- With an IBAN's widths they are not: there ...40b1 and ...401b have the same digits.
declare
  account constant text := upper(replace(owner::text, '-', '') collate "C");
  remainder integer := 0;
  code integer;
begin
  for code in select ascii(symbol) from string_to_table(currency || account, null) as symbol loop
    remainder := (remainder * 100 + code - case when code < 58 then 48 else 55 end) % 97;
  end loop;
  return currency || lpad((98 - remainder * 100 % 97)::text, 2, '0') || account;
end
$$;

comment on function public.wallet_address(uuid, text)
is 'The address of an owner''s wallet in a currency, with check digits';
--> statement-breakpoint
drop trigger if exists transactions_final on finance.transactions;
--> statement-breakpoint
drop trigger if exists transactions_completed_whole on finance.transactions;
--> statement-breakpoint
drop trigger if exists mining_activities_final on finance.mining_activities;
--> statement-breakpoint
drop trigger if exists mining_activities_decided_stay on finance.mining_activities;
--> statement-breakpoint
drop trigger if exists job_applications_key_final on marketplace.job_applications;
--> statement-breakpoint
drop trigger if exists holds_resolved_once on finance.holds;
--> statement-breakpoint
drop trigger if exists assessments_final on education.assessments;
--> statement-breakpoint
CREATE TABLE "marketplace"."rank_refreshes" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"number" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "rank_refreshes_number_not_negative_check" CHECK (number >= 0)
);
--> statement-breakpoint
ALTER TABLE "finance"."transactions" DROP CONSTRAINT "transactions_times_finite_check";--> statement-breakpoint
ALTER TABLE "identity"."users" DROP CONSTRAINT "users_email_form_check";--> statement-breakpoint
ALTER TABLE "identity"."users" DROP CONSTRAINT "users_id_not_reserved_check";--> statement-breakpoint
alter table finance.sealed_ranges disable trigger sealed_ranges_append_only;
--> statement-breakpoint
alter table finance.seals disable trigger seals_append_only;
--> statement-breakpoint
truncate finance.sealed_ranges, finance.seals;
--> statement-breakpoint
alter table finance.sealed_ranges enable trigger sealed_ranges_append_only;
--> statement-breakpoint
alter table finance.seals enable trigger seals_append_only;
--> statement-breakpoint
DROP INDEX "finance"."sealed_ranges_seal_number_idx";--> statement-breakpoint
DROP INDEX "ai"."ai_personalities_name_key";--> statement-breakpoint
DROP INDEX "identity"."users_email_key";--> statement-breakpoint
DROP INDEX "marketplace"."jobs_search_idx";--> statement-breakpoint
DROP INDEX "marketplace"."skills_name_key";--> statement-breakpoint
ALTER TABLE "finance"."sealed_ranges" ADD COLUMN "place" integer NOT NULL;--> statement-breakpoint
CREATE INDEX "packed_shares_block_id_idx" ON "marketplace"."packed_shares" USING btree ("block_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ai_personalities_name_key" ON "ai"."ai_personalities" USING btree (public.fold_text(name) collate "C");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "identity"."users" USING btree (public.fold_text(email) collate "C");--> statement-breakpoint
CREATE INDEX "jobs_search_idx" ON "marketplace"."jobs" USING gin (to_tsvector('english', regexp_replace(public.fold_text(title || ' ' || company || ' ' || description) collate "C", '[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u1680\u2000-\u200b\u200e-\u2bff\u3000-\u3004\u3008-\u3020\u3030\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff\U0001f000-\U0001faff]', ' ', 'g')));--> statement-breakpoint
CREATE UNIQUE INDEX "skills_name_key" ON "marketplace"."skills" USING btree (public.fold_text(name) collate "C");--> statement-breakpoint
ALTER TABLE "finance"."sealed_ranges" ADD CONSTRAINT "sealed_ranges_seal_number_place_key" UNIQUE("seal_number","place");--> statement-breakpoint
ALTER TABLE "ai"."chat_messages" ADD CONSTRAINT "chat_messages_content_size_check" CHECK (char_length(content) <= 100000);--> statement-breakpoint
ALTER TABLE "ai"."chat_messages" ADD CONSTRAINT "chat_messages_metadata_size_check" CHECK (octet_length(metadata::text) <= 65536);--> statement-breakpoint
ALTER TABLE "ai"."chat_messages" ADD CONSTRAINT "chat_messages_instants_check" CHECK (least(created_at) >= to_timestamp(-62135596800) and greatest(created_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "ai"."chat_sessions" ADD CONSTRAINT "chat_sessions_context_size_check" CHECK (octet_length(context::text) <= 65536);--> statement-breakpoint
ALTER TABLE "ai"."chat_sessions" ADD CONSTRAINT "chat_sessions_instants_check" CHECK (least(created_at, updated_at, last_message_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, last_message_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "ai"."ai_personalities" ADD CONSTRAINT "ai_personalities_personality_size_check" CHECK (char_length(personality) <= 20000);--> statement-breakpoint
ALTER TABLE "ai"."ai_personalities" ADD CONSTRAINT "ai_personalities_mood_size_check" CHECK (char_length(mood) <= 200);--> statement-breakpoint
ALTER TABLE "ai"."ai_personalities" ADD CONSTRAINT "ai_personalities_traits_size_check" CHECK (octet_length(traits::text) <= 65536);--> statement-breakpoint
ALTER TABLE "ai"."ai_personalities" ADD CONSTRAINT "ai_personalities_instants_check" CHECK (least(created_at, updated_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "ai"."ai_personality_relationships" ADD CONSTRAINT "ai_personality_relationships_kind_size_check" CHECK (char_length(kind) <= 100);--> statement-breakpoint
ALTER TABLE "education"."assessments" ADD CONSTRAINT "assessments_questions_size_check" CHECK (octet_length(questions::text) <= 1048576);--> statement-breakpoint
ALTER TABLE "education"."assessments" ADD CONSTRAINT "assessments_answers_size_check" CHECK (octet_length(answers::text) <= 1048576);--> statement-breakpoint
ALTER TABLE "education"."assessments" ADD CONSTRAINT "assessments_instants_check" CHECK (least(created_at, updated_at, started_at, submitted_at, completed_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, started_at, submitted_at, completed_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."course_completions" ADD CONSTRAINT "course_completions_instants_check" CHECK (least(published_at) >= to_timestamp(-62135596800) and greatest(published_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."course_modules" ADD CONSTRAINT "course_modules_content_size_check" CHECK (char_length(content) <= 1000000);--> statement-breakpoint
ALTER TABLE "education"."course_modules" ADD CONSTRAINT "course_modules_instants_check" CHECK (least(created_at, updated_at, removed_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, removed_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."course_revisions" ADD CONSTRAINT "course_revisions_instants_check" CHECK (least(published_at) >= to_timestamp(-62135596800) and greatest(published_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."courses" ADD CONSTRAINT "courses_description_size_check" CHECK (char_length(description) <= 100000);--> statement-breakpoint
ALTER TABLE "education"."courses" ADD CONSTRAINT "courses_instants_check" CHECK (least(created_at, updated_at, published_at, archived_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, published_at, archived_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."enrollments" ADD CONSTRAINT "enrollments_instants_check" CHECK (least(enrolled_at, last_activity_at, activity_slot, completed_at, dropped_at, created_at, updated_at) >= to_timestamp(-62135596800) and greatest(enrolled_at, last_activity_at, activity_slot, completed_at, dropped_at, created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."learning_paths" ADD CONSTRAINT "learning_paths_description_size_check" CHECK (char_length(description) <= 100000);--> statement-breakpoint
ALTER TABLE "education"."learning_paths" ADD CONSTRAINT "learning_paths_instants_check" CHECK (least(created_at, updated_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."module_progress" ADD CONSTRAINT "module_progress_position_size_check" CHECK (char_length(position) <= 1000);--> statement-breakpoint
ALTER TABLE "education"."module_progress" ADD CONSTRAINT "module_progress_instants_check" CHECK (least(position_at, started_at, last_activity_at, completed_at) >= to_timestamp(-62135596800) and greatest(position_at, started_at, last_activity_at, completed_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."progress_events" ADD CONSTRAINT "progress_events_instants_check" CHECK (least(occurred_at, recorded_at) >= to_timestamp(-62135596800) and greatest(occurred_at, recorded_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "education"."revision_modules" ADD CONSTRAINT "revision_modules_title_size_check" CHECK (char_length(title) <= 200);--> statement-breakpoint
ALTER TABLE "education"."revision_modules" ADD CONSTRAINT "revision_modules_content_size_check" CHECK (char_length(content) <= 1000000);--> statement-breakpoint
ALTER TABLE "finance"."currencies" ADD CONSTRAINT "currencies_instants_check" CHECK (least(created_at) >= to_timestamp(-62135596800) and greatest(created_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."entries" ADD CONSTRAINT "entries_instants_check" CHECK (least(recorded_at, occurred_at) >= to_timestamp(-62135596800) and greatest(recorded_at, occurred_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."holds" ADD CONSTRAINT "holds_reason_size_check" CHECK (char_length(reason) <= 500);--> statement-breakpoint
ALTER TABLE "finance"."holds" ADD CONSTRAINT "holds_instants_check" CHECK (least(created_at, expires_at, resolved_at) >= to_timestamp(-62135596800) and greatest(created_at, expires_at, resolved_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."mining_activities" ADD CONSTRAINT "mining_activities_rejection_reason_size_check" CHECK (char_length(rejection_reason) <= 500);--> statement-breakpoint
ALTER TABLE "finance"."mining_activities" ADD CONSTRAINT "mining_activities_metadata_size_check" CHECK (octet_length(metadata::text) <= 65536);--> statement-breakpoint
ALTER TABLE "finance"."mining_activities" ADD CONSTRAINT "mining_activities_instants_check" CHECK (least(created_at, updated_at, verified_at, rewarded_at, rejected_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, verified_at, rewarded_at, rejected_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."payment_references" ADD CONSTRAINT "payment_references_provider_size_check" CHECK (char_length(provider) <= 50);--> statement-breakpoint
ALTER TABLE "finance"."payment_references" ADD CONSTRAINT "payment_references_reference_size_check" CHECK (char_length(reference) <= 200);--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_description_size_check" CHECK (char_length(description) <= 500);--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_failure_reason_size_check" CHECK (char_length(failure_reason) <= 500);--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_instants_check" CHECK (least(created_at, updated_at, completed_at, failed_at, refunded_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, completed_at, failed_at, refunded_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."sealed_ranges" ADD CONSTRAINT "sealed_ranges_place_positive_check" CHECK (place > 0);--> statement-breakpoint
ALTER TABLE "finance"."seals" ADD CONSTRAINT "seals_instants_check" CHECK (least(created_at) >= to_timestamp(-62135596800) and greatest(created_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."transactions" ADD CONSTRAINT "transactions_description_size_check" CHECK (char_length(description) <= 500);--> statement-breakpoint
ALTER TABLE "finance"."transactions" ADD CONSTRAINT "transactions_metadata_size_check" CHECK (octet_length(metadata::text) <= 65536);--> statement-breakpoint
ALTER TABLE "finance"."transactions" ADD CONSTRAINT "transactions_failure_facts_size_check" CHECK (octet_length(failure_facts::text) <= 65536);--> statement-breakpoint
ALTER TABLE "finance"."transactions" ADD CONSTRAINT "transactions_instants_check" CHECK (least(occurred_at, recorded_at) >= to_timestamp(-62135596800) and greatest(occurred_at, recorded_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "finance"."wallets" ADD CONSTRAINT "wallets_instants_check" CHECK (least(posted_at, hold_expires_at, created_at, updated_at, closed_at) >= to_timestamp(-62135596800) and greatest(posted_at, hold_expires_at, created_at, updated_at, closed_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "identity"."tokens" ADD CONSTRAINT "tokens_instants_check" CHECK (least(created_at, expires_at, revoked_at) >= to_timestamp(-62135596800) and greatest(created_at, expires_at, revoked_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "identity"."user_profiles" ADD CONSTRAINT "user_profiles_avatar_url_size_check" CHECK (char_length(avatar_url) <= 2000);--> statement-breakpoint
ALTER TABLE "identity"."user_profiles" ADD CONSTRAINT "user_profiles_location_size_check" CHECK (char_length(location) <= 200);--> statement-breakpoint
ALTER TABLE "identity"."user_profiles" ADD CONSTRAINT "user_profiles_preferences_size_check" CHECK (octet_length(preferences::text) <= 65536);--> statement-breakpoint
ALTER TABLE "identity"."user_profiles" ADD CONSTRAINT "user_profiles_instants_check" CHECK (least(created_at, updated_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "identity"."users" ADD CONSTRAINT "users_password_hash_size_check" CHECK (char_length(password_hash) <= 500);--> statement-breakpoint
ALTER TABLE "identity"."users" ADD CONSTRAINT "users_instants_check" CHECK (least(created_at, updated_at, deleted_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, deleted_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "identity"."users" ADD CONSTRAINT "users_email_form_check" CHECK (email collate "C" ~ '^[^@[:space:]\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+@[^@[:space:]\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+\.[^@[:space:]\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$');--> statement-breakpoint
ALTER TABLE "identity"."users" ADD CONSTRAINT "users_id_not_reserved_check" CHECK (id >= '00000000-0000-0000-0000-000000000100' and id not between '00000000-0000-8000-8000-000000000000' and '00000000-0000-8000-8000-0000000000ff');--> statement-breakpoint
ALTER TABLE "marketplace"."application_steps" ADD CONSTRAINT "application_steps_instants_check" CHECK (least(changed_at) >= to_timestamp(-62135596800) and greatest(changed_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."job_applications" ADD CONSTRAINT "job_applications_cover_letter_size_check" CHECK (char_length(cover_letter) <= 20000);--> statement-breakpoint
ALTER TABLE "marketplace"."job_applications" ADD CONSTRAINT "job_applications_resume_size_check" CHECK (char_length(resume) <= 20000);--> statement-breakpoint
ALTER TABLE "marketplace"."job_applications" ADD CONSTRAINT "job_applications_instants_check" CHECK (least(applied_at, status_changed_at, withdrawn_at, created_at, updated_at) >= to_timestamp(-62135596800) and greatest(applied_at, status_changed_at, withdrawn_at, created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."job_vectors" ADD CONSTRAINT "job_vectors_instants_check" CHECK (least(posted_at, expires_at) >= to_timestamp(-62135596800) and greatest(posted_at, expires_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."jobs" ADD CONSTRAINT "jobs_description_size_check" CHECK (char_length(description) <= 20000);--> statement-breakpoint
ALTER TABLE "marketplace"."jobs" ADD CONSTRAINT "jobs_location_size_check" CHECK (char_length(location) <= 200);--> statement-breakpoint
ALTER TABLE "marketplace"."jobs" ADD CONSTRAINT "jobs_requirements_size_check" CHECK (char_length(requirements) <= 20000);--> statement-breakpoint
ALTER TABLE "marketplace"."jobs" ADD CONSTRAINT "jobs_instants_check" CHECK (least(posted_at, expires_at, created_at, updated_at, deleted_at) >= to_timestamp(-62135596800) and greatest(posted_at, expires_at, created_at, updated_at, deleted_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."occupations" ADD CONSTRAINT "occupations_group_code_size_check" CHECK (char_length(group_code) <= 50);--> statement-breakpoint
ALTER TABLE "marketplace"."occupations" ADD CONSTRAINT "occupations_description_size_check" CHECK (char_length(description) <= 100000);--> statement-breakpoint
ALTER TABLE "marketplace"."occupations" ADD CONSTRAINT "occupations_instants_check" CHECK (least(created_at, updated_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."skill_endorsements" ADD CONSTRAINT "skill_endorsements_instants_check" CHECK (least(created_at) >= to_timestamp(-62135596800) and greatest(created_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."skill_postings" ADD CONSTRAINT "skill_postings_instants_check" CHECK (least(expires_at) >= to_timestamp(-62135596800) and greatest(expires_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."skills" ADD CONSTRAINT "skills_description_size_check" CHECK (char_length(description) <= 100000);--> statement-breakpoint
ALTER TABLE "marketplace"."skills" ADD CONSTRAINT "skills_instants_check" CHECK (least(created_at, updated_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "marketplace"."user_skills" ADD CONSTRAINT "user_skills_instants_check" CHECK (least(verified_at, created_at, updated_at) >= to_timestamp(-62135596800) and greatest(verified_at, created_at, updated_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "platform"."audit_log" ADD CONSTRAINT "audit_log_action_size_check" CHECK (char_length(action) <= 200);--> statement-breakpoint
ALTER TABLE "platform"."audit_log" ADD CONSTRAINT "audit_log_subject_size_check" CHECK (char_length(subject) <= 200);--> statement-breakpoint
ALTER TABLE "platform"."audit_log" ADD CONSTRAINT "audit_log_subject_id_size_check" CHECK (char_length(subject_id) <= 200);--> statement-breakpoint
ALTER TABLE "platform"."audit_log" ADD CONSTRAINT "audit_log_data_size_check" CHECK (octet_length(data::text) <= 65536);--> statement-breakpoint
ALTER TABLE "platform"."audit_log" ADD CONSTRAINT "audit_log_instants_check" CHECK (least(created_at) >= to_timestamp(-62135596800) and greatest(created_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "platform"."events" ADD CONSTRAINT "events_type_size_check" CHECK (char_length(type) <= 200);--> statement-breakpoint
ALTER TABLE "platform"."events" ADD CONSTRAINT "events_data_size_check" CHECK (octet_length(data::text) <= 65536);--> statement-breakpoint
ALTER TABLE "platform"."events" ADD CONSTRAINT "events_instants_check" CHECK (least(created_at, processed_at) >= to_timestamp(-62135596800) and greatest(created_at, processed_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "platform"."notifications" ADD CONSTRAINT "notifications_message_size_check" CHECK (char_length(message) <= 5000);--> statement-breakpoint
ALTER TABLE "platform"."notifications" ADD CONSTRAINT "notifications_data_size_check" CHECK (octet_length(data::text) <= 65536);--> statement-breakpoint
ALTER TABLE "platform"."notifications" ADD CONSTRAINT "notifications_instants_check" CHECK (least(created_at, read_at) >= to_timestamp(-62135596800) and greatest(created_at, read_at) < to_timestamp(253402300800));--> statement-breakpoint
ALTER TABLE "platform"."safety_incidents" ADD CONSTRAINT "safety_incidents_instants_check" CHECK (least(created_at, updated_at, resolved_at) >= to_timestamp(-62135596800) and greatest(created_at, updated_at, resolved_at) < to_timestamp(253402300800));--> statement-breakpoint
DROP SEQUENCE "marketplace"."packed_blocks";--> statement-breakpoint
DROP SEQUENCE "marketplace"."skill_rank_refreshes";
--> statement-breakpoint
drop function if exists marketplace.pack_block(job_ids uuid[]);
--> statement-breakpoint
drop function if exists finance.seal_entries(after_owner uuid, after_currency text, page integer, range_size integer, most integer, out last_owner uuid, out last_currency text, out sealed bigint);
--> statement-breakpoint
drop function if exists finance.range_hash(owner uuid, of_currency text, first bigint, last bigint);
--> statement-breakpoint
create or replace function education.check_completions() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  claimed record;
begin
  select completions.user_id, completions.course_id, completions.revision into claimed
  from new_completions as completions
  where not exists (
      select from education.course_revisions as revisions
      where revisions.course_id = completions.course_id
        and revisions.revision = completions.revision
    )
    or exists (
      select
      from education.revision_modules as required
      left join education.module_progress as done
        on done.user_id = completions.user_id
        and done.course_id = required.course_id
        and done.module_id = required.module_id
      where required.course_id = completions.course_id
        and required.revision = completions.revision
        and not required.is_optional
        and done.completed_at is null
    )
  limit 1;
  if found then
    raise exception 'user % has not completed revision % of course %',
      claimed.user_id, claimed.revision, claimed.course_id
      using errcode = 'check_violation', schema = 'education', table = 'course_completions',
        constraint = 'course_completions_earned_check';
  end if;
  return null;
end
$$;

comment on function education.check_completions()
is 'Refuses the completion of a revision that has required modules left';
--> statement-breakpoint
create or replace function education.is_skipped_day(day date, zone text) returns boolean
language sql stable parallel safe
as $$
-- A day that a zone's calendar left out, when it moved across the date line: 30 December 2011 in
-- Pacific/Apia. Its noon is read as another day's.
select ((day + time '12:00') at time zone zone at time zone zone)::date <> day
$$;

comment on function education.is_skipped_day(date, text)
is 'Whether the local calendar of a time zone left out a day';
--> statement-breakpoint
create or replace function education.keep_completed_enrollments() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Its completions would go with it, and whoever enrolls again would be told of as completing twice.
-- The enrollments of an erased user go with the user, who is gone by then.
begin
  if exists (
      select from education.course_completions
      where user_id = old.user_id and course_id = old.course_id
    )
    and exists (select from identity.users where id = old.user_id)
  then
    raise exception 'user % has completed course %, which stays', old.user_id, old.course_id
      using errcode = 'restrict_violation', schema = 'education', table = 'enrollments',
        constraint = 'enrollments_completed_stay';
  end if;
  return old;
end
$$;

comment on function education.keep_completed_enrollments()
is 'Keeps an enrollment with completions for as long as its user';
--> statement-breakpoint
create or replace function education.record_progress(
  user_ids uuid[], event_ids uuid[], course_ids uuid[], module_ids uuid[],
  kinds education.progress_event_kind[], percents smallint[], positions text[], times timestamptz[],
  latest timestamptz, tolerance interval,
  out applied integer, out duplicates integer,
  out rejected_indexes integer[], out rejected_reasons text[]
)
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
-- The one write path of progress: a batch of events, applied as a set. The cost depends on the
-- batch alone: every join below goes from the batch to the tables by primary key, and `lateral ...
-- offset 0` leaves the planner no other way. Left to itself it joined through modules, and read a
-- whole course to find one learner of it: cheap in a course of average size, and not in the
-- largest. Locks only the enrollments that the batch touches, in key order.
--
-- Each statement of the function has a snapshot of its own, so what follows the lock sees what the
-- lock waited for. Events are matched with enrollments that were locked, and no others: one that is
-- made in between is not enrolled yet. Everything written is a maximum, a minimum, a union or a sum
-- over distinct events, and so the same in whatever order the batches come. Above READ COMMITTED
-- there is one snapshot, perhaps from before the lock. Then the days are written even if they look
-- complete: if they were counted anew since, in another time zone, that is a conflict and the
-- caller runs again. The enrollments are locked by then, so the rows of modules can come in the
-- order in which their keys to course_modules are checked: by module, as whoever edits a draft
-- locks them. How far a client's clock may be off, either way, is part of the question and not of
-- the state: an event is judged by itself, whatever came before. The plan is the generic one, made
-- once a connection: planning would cost a single event more than running.
declare
  are_locked boolean[];
  learners uuid[];
  courses uuid[];
  weights integer[];
  activities timestamptz[];
  new_completions boolean[];
  earlier_completions boolean[];
begin
  with locked_enrollments as materialized (
    select locked.user_id, locked.course_id
    from (
      select distinct offered.user_id, offered.course_id
      from unnest(user_ids, course_ids) as offered (user_id, course_id)
      order by offered.user_id, offered.course_id
    ) as keys
    cross join lateral (
      select enrollments.user_id, enrollments.course_id
      from education.enrollments
      where enrollments.user_id = keys.user_id and enrollments.course_id = keys.course_id
      for no key update
    ) as locked
  )
  select array_agg(
    (offered.user_id, offered.course_id) in (
      select locked_enrollments.user_id, locked_enrollments.course_id from locked_enrollments
    )
    order by offered.index
  )
  into are_locked
  from unnest(user_ids, course_ids) with ordinality as offered (user_id, course_id, index);

  with new_events as (
    insert into education.progress_events as stored
      (user_id, event_id, course_id, module_id, kind, percent, position, occurred_at)
    select distinct on (offered.user_id, offered.event_id)
      offered.user_id, offered.event_id, offered.course_id, offered.module_id,
      offered.kind, offered.percent, offered.position, offered.occurred_at
    from unnest(
      user_ids, event_ids, course_ids, module_ids, kinds, percents, positions, times, are_locked
    ) with ordinality as offered (
      user_id, event_id, course_id, module_id, kind, percent, position, occurred_at, is_locked,
      index
    )
    cross join lateral (
      select status, enrolled_at
      from education.enrollments
      where user_id = offered.user_id and course_id = offered.course_id
      offset 0
    ) as enrollments
    where offered.is_locked
      and enrollments.status <> 'DROPPED'
      and offered.occurred_at between enrollments.enrolled_at - tolerance and latest
      and exists (
        select
        from education.revision_modules as modules
        where modules.course_id = offered.course_id and modules.module_id = offered.module_id
      )
    order by offered.user_id, offered.event_id, offered.index
    on conflict on constraint progress_events_pkey do nothing
    returning
      stored.user_id, stored.event_id, stored.course_id, stored.module_id,
      stored.kind, stored.percent, stored.position, stored.occurred_at
  ),
  touched_modules as (
    select
      new_events.user_id, new_events.course_id, new_events.module_id,
      coalesce(max(new_events.percent), 0) as percent,
      (array_agg(new_events.position order by new_events.occurred_at desc, new_events.event_id desc)
        filter (where new_events.position is not null))[1] as position,
      max(new_events.occurred_at) filter (where new_events.position is not null) as position_at,
      (array_agg(new_events.event_id order by new_events.occurred_at desc, new_events.event_id desc)
        filter (where new_events.position is not null))[1] as position_event_id,
      min(new_events.occurred_at) as started_at,
      max(new_events.occurred_at) as last_activity_at,
      min(new_events.occurred_at) filter (where new_events.kind = 'completed') as completed_at
    from new_events
    group by new_events.user_id, new_events.course_id, new_events.module_id
  ),
  saved_modules as (
    insert into education.module_progress as saved
      (user_id, course_id, module_id, percent, position, position_at, position_event_id,
       started_at, last_activity_at, completed_at)
    select
      user_id, course_id, module_id, percent, position, position_at, position_event_id,
      started_at, last_activity_at, completed_at
    from touched_modules
    order by course_id, module_id, user_id
    on conflict on constraint module_progress_pkey do update
    set (position, position_at, position_event_id) = (
        select last.position, last.position_at, last.position_event_id
        from (values
          (saved.position, saved.position_at, saved.position_event_id),
          (excluded.position, excluded.position_at, excluded.position_event_id)
        ) as last (position, position_at, position_event_id)
        order by last.position_at desc nulls last, last.position_event_id desc
        limit 1
      ),
      percent = greatest(saved.percent, excluded.percent),
      started_at = least(saved.started_at, excluded.started_at),
      last_activity_at = greatest(saved.last_activity_at, excluded.last_activity_at),
      completed_at = least(saved.completed_at, excluded.completed_at)
  ),
  active_days as (
    select days.user_id, range_agg(daterange(days.day, days.day, '[]')) as days
    from (
      select distinct
        new_events.user_id,
        (new_events.occurred_at at time zone coalesce(profiles.time_zone, 'UTC'))::date as day
      from new_events
      left join lateral (
        select time_zone from identity.user_profiles where user_id = new_events.user_id offset 0
      ) as profiles on true
    ) as days
    group by days.user_id
  ),
  saved_days as (
    insert into education.learner_days as saved (user_id, days)
    select active_days.user_id, active_days.days
    from active_days
    left join lateral (
      select user_id, days from education.learner_days where user_id = active_days.user_id offset 0
    ) as known on true
    where known.user_id is null
      or not known.days @> active_days.days
      or current_setting('transaction_isolation') <> 'read committed'
    order by active_days.user_id
    on conflict on constraint learner_days_pkey do update
    set days = saved.days + excluded.days
  ),
  touched_enrollments as (
    select
      touched_modules.user_id, touched_modules.course_id,
      coalesce(sum(required.weight) filter (
        where touched_modules.completed_at is not null and known.completed_at is null
      ), 0)::integer as weight,
      max(touched_modules.last_activity_at) as last_activity_at,
      bool_or(
        touched_modules.completed_at is not null and known.completed_at is null
      ) as has_new_completion,
      coalesce(
        bool_or(touched_modules.completed_at < known.completed_at), false
      ) as has_earlier_completion
    from touched_modules
    cross join lateral (
      select revision
      from education.enrollments
      where user_id = touched_modules.user_id and course_id = touched_modules.course_id
      offset 0
    ) as enrollments
    left join lateral (
      select completed_at
      from education.module_progress
      where user_id = touched_modules.user_id
        and course_id = touched_modules.course_id
        and module_id = touched_modules.module_id
      offset 0
    ) as known on true
    left join lateral (
      select weight
      from education.revision_modules
      where course_id = touched_modules.course_id
        and revision = enrollments.revision
        and module_id = touched_modules.module_id
        and not is_optional
      offset 0
    ) as required on true
    group by touched_modules.user_id, touched_modules.course_id
  )
  select
    (select count(*) from new_events),
    array_agg(user_id), array_agg(course_id), array_agg(weight), array_agg(last_activity_at),
    array_agg(has_new_completion), array_agg(has_earlier_completion)
  into applied, learners, courses, weights, activities, new_completions, earlier_completions
  from touched_enrollments;

  -- A completion that counts for nothing in this revision may count in the next, and an earlier one
  -- may set the time of a later completion: the row changes all the same, so that who completes or
  -- moves the learner from an older snapshot is refused instead of missing it. A clock within the
  -- tolerance can be behind the enrollment, which a completion never is.
  with changed_enrollments as (
    update education.enrollments
    set done_weight = enrollments.done_weight + touched.weight,
      last_activity_at = greatest(enrollments.last_activity_at, touched.last_activity_at),
      status = case
        when completes then 'COMPLETED'
        else enrollments.status
      end,
      completed_revision = case
        when completes then enrollments.revision
        else enrollments.completed_revision
      end,
      completed_at = case
        when completes
          then greatest(
            enrollments.enrolled_at,
            education.completion_time(
              enrollments.user_id, enrollments.course_id, enrollments.revision
            )
          )
        when enrollments.status = 'COMPLETED' and touched.has_earlier_completion
          then greatest(
            enrollments.enrolled_at,
            education.completion_time(
              enrollments.user_id, enrollments.course_id, enrollments.completed_revision
            )
          )
        else enrollments.completed_at
      end,
      updated_at = clock_timestamp()
    from (
      select
        touched.*,
        known.status = 'ACTIVE'
          and known.done_weight + touched.weight = known.total_weight as completes
      from unnest(learners, courses, weights, activities, new_completions, earlier_completions)
        as touched (
          user_id, course_id, weight, last_activity_at, has_new_completion, has_earlier_completion
        )
      cross join lateral (
        select status, done_weight, total_weight
        from education.enrollments
        where user_id = touched.user_id and course_id = touched.course_id
        offset 0
      ) as known
    ) as touched
    where enrollments.user_id = touched.user_id
      and enrollments.course_id = touched.course_id
      and (
        touched.has_new_completion
        or touched.has_earlier_completion
        or touched.last_activity_at > enrollments.last_activity_at
      )
    returning enrollments.user_id, enrollments.course_id, enrollments.revision, touched.completes
  )
  insert into education.course_completions (user_id, course_id, revision)
  select user_id, course_id, revision
  from changed_enrollments
  where completes
  order by user_id, course_id
  on conflict on constraint course_completions_pkey do nothing;

  duplicates := 0;
  rejected_indexes := '{}';
  rejected_reasons := '{}';
  if applied = cardinality(event_ids) then
    return;
  end if;

  -- A known event is a duplicate even if it would be rejected today: the client must be able to
  -- forget it.
  select
    count(*) filter (where judged.reason is null) - applied,
    coalesce(
      array_agg(judged.index - 1 order by judged.index) filter (where judged.reason is not null),
      '{}'
    ),
    coalesce(
      array_agg(judged.reason order by judged.index) filter (where judged.reason is not null),
      '{}'
    )
  into duplicates, rejected_indexes, rejected_reasons
  from (
    select
      offered.index,
      case
        when stored.event_id is not null then case
          when (offered.course_id, offered.module_id, offered.kind, offered.occurred_at)
            = (stored.course_id, stored.module_id, stored.kind, stored.occurred_at)
            and (offered.percent, offered.position)
              is not distinct from (stored.percent, stored.position)
            then null
          else 'CONFLICT'
        end
        when users.id is null then 'UNKNOWN_USER'
        when enrollments.user_id is null then 'NOT_ENROLLED'
        when not exists (
          select
          from education.revision_modules as modules
          where modules.course_id = offered.course_id and modules.module_id = offered.module_id
        ) then 'UNKNOWN_MODULE'
        when enrollments.status = 'DROPPED' then 'DROPPED'
        when offered.occurred_at < enrollments.enrolled_at - tolerance then 'BEFORE_ENROLLMENT'
        when offered.occurred_at > latest then 'IN_FUTURE'
        else 'NOT_ENROLLED'
      end as reason
    from unnest(user_ids, event_ids, course_ids, module_ids, kinds, percents, positions, times)
      with ordinality as offered (
        user_id, event_id, course_id, module_id, kind, percent, position, occurred_at, index
      )
    left join lateral (
      select *
      from education.progress_events
      where user_id = offered.user_id and event_id = offered.event_id
      offset 0
    ) as stored on true
    left join lateral (
      select id
      from identity.users
      where id = offered.user_id
      offset 0
    ) as users on true
    left join lateral (
      select user_id, status, enrolled_at
      from education.enrollments
      where user_id = offered.user_id and course_id = offered.course_id
      offset 0
    ) as enrollments on true
  ) as judged;
end
$$;

comment on function education.record_progress(
  uuid[], uuid[], uuid[], uuid[], education.progress_event_kind[], smallint[], text[],
  timestamptz[], timestamptz, interval
) is 'Applies a batch of progress events, each once, in any order';
--> statement-breakpoint
create or replace function finance.apply_entries() returns trigger
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
-- One statement inserts all entries of a transaction, so that this looks at them once and as a
-- whole; a deferred row trigger would ask the same once for each entry. Nothing else ever changes
-- what a wallet has posted.
--
-- Most statements are one transfer, with one entry for each wallet: those wallets move in a plain
-- update. Batches, and wallets with several entries, take the second one. Both ask that the entries
-- continue the wallet's version, balance and time, so a lost update is an error and never silent.
declare
  seen record;
  codes text[];
  owed_before numeric[];
  owed_after numeric[];
  moved bigint := 0;
begin
  -- What a transaction says and how many entries it has are look-ups by key, one for each: the rows
  -- of this statement have no statistics, and as a plain join the planner may read all
  -- transactions.
  select
    coalesce(sum(legs.entry_count), 0) as entry_count,
    bool_or(is_displaced) as is_displaced,
    bool_or(is_mixed) as is_mixed,
    bool_or(is_external) as is_external,
    bool_or(posted.reverses_id is not null or posted.type in ('REVERSAL', 'CAPTURE'))
      as is_referring,
    max(last_at) as newest_at,
    min(first_at) as oldest_at,
    min(
      case
        when not is_mixed and total <> 0 then 'entries_balance_check '
        when posted.status is distinct from 'COMPLETED'
          then 'entries_of_completed_transaction_check '
        when posted.type in ('HOLD', 'RELEASE') then 'entries_of_moving_transaction_check '
        when kept.entry_count <> legs.entry_count then 'entries_of_one_statement_check '
        when is_mixed then null
        when legs.currency <> posted.currency then 'entries_currency_check '
        when legs.moved <> posted.amount then 'entries_amount_check '
      end collate "C" || transaction_id
    ) as broken,
    min(
      case
        when first_at <> posted.recorded_at or last_at <> posted.recorded_at
          then 'entries_recorded_at_check '
        when first_occurred_at <> posted.occurred_at or last_occurred_at <> posted.occurred_at
          then 'entries_occurred_at_check '
      end collate "C" || transaction_id
    ) as misdated
  into seen
  from (
    select
      transaction_user_id,
      transaction_id,
      count(*) as entry_count,
      sum(amount) as total,
      sum(greatest(amount, 0)) as moved,
      min(currency) as currency,
      min(currency) <> max(currency) as is_mixed,
      min(recorded_at) as first_at,
      max(recorded_at) as last_at,
      min(coalesce(occurred_at, recorded_at)) as first_occurred_at,
      max(coalesce(occurred_at, recorded_at)) as last_occurred_at,
      bool_or(occurred_at is not null) as is_displaced,
      bool_or(user_id = finance.system_owner('EXTERNAL')) as is_external
    from new_entries
    group by transaction_user_id, transaction_id
  ) as legs
  left join lateral (
    select status, type, currency, amount, reverses_id, recorded_at, occurred_at
    from finance.transactions
    where transactions.user_id = legs.transaction_user_id
      and transactions.id = legs.transaction_id
    offset 0
  ) as posted on true
  cross join lateral (
    select count(*) as entry_count
    from finance.entries
    where entries.transaction_user_id = legs.transaction_user_id
      and entries.transaction_id = legs.transaction_id
    offset 0
  ) as kept;

  if seen.is_mixed and seen.broken is null then
    seen.broken := (
      select finance.check_mixed_entries(
        array_agg(transaction_user_id), array_agg(transaction_id),
        array_agg(currency), array_agg(amount)
      )
      from new_entries
    );
  end if;
  seen.broken := coalesce(seen.broken, seen.misdated);
  if seen.is_referring and seen.broken is null then
    seen.broken := (
      select min(
        finance.broken_reference(transaction_user_id, transaction_id) collate "C"
          || ' ' || transaction_id
      )
      from (select distinct transaction_user_id, transaction_id from new_entries) as posted
    );
  end if;
  if seen.broken is not null then
    perform finance.refuse_entries(
      split_part(seen.broken, ' ', 1),
      format('entries of transaction %s are not what it says', split_part(seen.broken, ' ', 2))
    );
  end if;

  -- Times follow versions, so an entry ahead of the clock takes all later ones of its wallets
  -- ahead, and those of whoever deals with them. A writer's own clock may be 5 seconds fast. After
  -- the server's clock was set back, its wallets are ahead of it: there a posting takes the time
  -- that one of them has, which moves none further ahead, until the clock has caught up.
  if seen.newest_at > clock_timestamp() + interval '5 seconds' then
    if not exists (
      select
      from new_entries
      join finance.wallets
        on wallets.user_id = new_entries.user_id and wallets.currency = new_entries.currency
      where finance.ledger_time(posted_at) >= seen.newest_at
    ) then
      perform finance.refuse_entries(
        'entries_recorded_by_clock_check',
        format('entries are recorded at %s, which is ahead of the clock', seen.newest_at)
      );
    end if;
  end if;

  -- MINT may owe more before the wallets move, and less only after: the batch that changes both is
  -- judged by where it ends.
  if seen.is_external then
    seen.is_external := exists (
      select
      from new_entries
      join finance.currencies on code = currency
      where user_id = finance.system_owner('EXTERNAL')
        and supply_limit is not null
    );
  end if;
  if seen.is_external then
    select array_agg(code), array_agg(before), array_agg(after)
    into codes, owed_before, owed_after
    from (
      select
        code,
        greatest(-(array_agg(posted_after::numeric - amount order by version))[1], 0) as before,
        greatest(-(array_agg(posted_after::numeric order by version desc))[1], 0) as after
      from new_entries
      join finance.currencies on code = new_entries.currency
      where user_id = finance.system_owner('EXTERNAL')
        and supply_limit is not null
      group by code
    ) as external;
    perform finance.lend_supply(codes, owed_before, owed_after, true);
  end if;

  -- Most statements are one transfer, whose wallets move in a plain update.
  if seen.entry_count <= 8 then
    update finance.wallets
    set posted = posted_after,
      version = new_entries.version,
      posted_at = recorded_at,
      updated_at = recorded_at
    from new_entries
    where wallets.user_id = new_entries.user_id
      and wallets.currency = new_entries.currency
      and wallets.version = new_entries.version - 1
      and wallets.posted = posted_after::numeric - amount
      and status = 'OPEN'
      and (posted_at is null or posted_at <= recorded_at);
    get diagnostics moved = row_count;
  end if;

  -- One statement for all wallets, because each statement builds the table's checks again: 2,000
  -- updates of one wallet each took 5 times as long. Planned once, as look-ups by key for any
  -- number of entries: planned anew each time, a batch of 32 took 0.6 ms more.
  if moved < seen.entry_count then
      with placed_entries as (
        select
          user_id, currency, version, recorded_at, posted_after, amount,
          sum(amount) over chain_so_far as running,
          coalesce(recorded_at >= lag(recorded_at) over chain_so_far, true) as is_in_order
        from new_entries
        where moved = 0 or not exists (
          select
          from finance.wallets
          where wallets.user_id = new_entries.user_id
            and wallets.currency = new_entries.currency
            and wallets.version >= new_entries.version
        )
        window chain_so_far as (partition by user_id, currency order by version)
      ), chains as (
        select
          user_id,
          currency,
          count(*) as entry_count,
          min(version) as first_version,
          max(version) as last_version,
          min(recorded_at) as first_at,
          max(recorded_at) as last_at,
          min(posted_after - running) as base,
          max(posted_after - running) as other_base,
          sum(amount) as total,
          bool_and(is_in_order) as is_in_order
        from placed_entries
        group by user_id, currency
      ), moved_wallets as (
        update finance.wallets
        set
          posted = (base + total)::bigint, version = last_version, posted_at = last_at,
          updated_at = last_at
        from chains
        where wallets.user_id = chains.user_id
          and wallets.currency = chains.currency
          and wallets.version = first_version - 1
          and wallets.posted = base
          and base = other_base
          and last_version - first_version = entry_count - 1
          and is_in_order
          and status = 'OPEN'
          and (posted_at is null or posted_at <= first_at)
        returning entry_count
      )
      select moved + coalesce(sum(moved_wallets.entry_count), 0) into moved from moved_wallets;
    if moved < seen.entry_count then
      perform finance.refuse_entries(
        'entries_chain_check',
        coalesce((
          select format('entries of wallet %s %s do not continue its chain', user_id, currency)
          from new_entries
          where not exists (
            select
            from finance.wallets
            where wallets.user_id = new_entries.user_id
              and wallets.currency = new_entries.currency
              and wallets.version >= new_entries.version
          )
          order by user_id, currency
          limit 1
        ), 'an entry repeats a version of its wallet')
      );
    end if;
  end if;

  -- After the chain, which says more of a time before that of the entry before.
  if seen.oldest_at < finance.earliest_recording() and not finance.may_import('finance.entries')
  then
    perform finance.refuse_entries(
      'entries_recorded_by_clock_check',
      format('entries are recorded at %s, before their transaction began', seen.oldest_at)
    );
  end if;

  if seen.is_external then
    perform finance.lend_supply(codes, owed_before, owed_after, false);
  end if;

  if seen.is_displaced then
    insert into finance.occurrence_sums (user_id, currency, level, stretch, amount)
    select user_id, currency, level, instant.micros >> (8 * level), sum(instant.amount)
    from new_entries
    cross join lateral (
      values
        ((extract(epoch from occurred_at) * 1000000)::bigint, amount),
        ((extract(epoch from recorded_at) * 1000000)::bigint, -amount)
    ) as instant (micros, amount)
    cross join generate_series(0, 6) as level
    where occurred_at is not null
    group by user_id, currency, level, instant.micros >> (8 * level)
    on conflict (user_id, currency, level, stretch)
    do update set amount = occurrence_sums.amount + excluded.amount;
  end if;
  return null;
end
$$;

comment on function finance.apply_entries()
is 'Checks new entries as a whole and moves their wallets';
--> statement-breakpoint
create or replace function finance.apply_hold() returns trigger
language plpgsql
as $$
-- What is held follows the holds themselves, one wallet row for each hold that opens or is
-- resolved.
declare
  is_sound boolean;
  stated constant timestamptz := case
    when tg_op = 'INSERT' then new.created_at else new.resolved_at
  end;
  said_at timestamptz;
begin
  -- The transaction that a hold names has to be the one that did this to it.
  select
    case
      when status <> 'COMPLETED' or currency <> new.currency then false
      when tg_op = 'INSERT' then type = 'HOLD' and amount = new.amount
      when new.status = 'CAPTURED' then type = 'CAPTURE' and amount = new.captured
      else type = 'RELEASE' and amount = new.amount
    end,
    recorded_at
  into is_sound, said_at
  from finance.transactions
  where user_id = new.user_id
    and id = case when tg_op = 'INSERT' then new.id else new.resolution_id end;
  if is_sound is not true and (tg_op = 'INSERT' or new.status <> 'EXPIRED') then
    raise exception 'the transaction of hold % is not one that makes it %', new.id, new.status
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = case
          when tg_op = 'INSERT' then 'holds_placed_by_hold_check'
          when new.status = 'CAPTURED' then 'holds_captured_by_capture_check'
          else 'holds_released_by_release_check'
        end;
  end if;
  -- Rounded up like the times of the functions, which may be a moment ahead of the clock.
  if new.status = 'EXPIRED' and new.expires_at > finance.ledger_time(clock_timestamp()) then
    raise exception 'hold % is not due before %', new.id, new.expires_at
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_expired_by_clock_check';
  end if;

  -- By the clock, which a transaction may be as far ahead of as the trigger on entries lets it, and
  -- a hold no further than it was when it was placed.
  if stated < finance.earliest_recording()
    or stated > greatest(
      clock_timestamp() + interval '5 seconds', said_at,
      case when tg_op = 'UPDATE' then new.created_at end
    )
  then
    raise exception 'hold % says that it is % since %, which is not now', new.id, new.status, stated
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_recorded_by_clock_check';
  end if;

  -- Locked in a statement of its own, so that the next one begins after the lock is held: an update
  -- that waits itself finds the earliest end among the holds that there were before it waited.
  perform
  from finance.wallets
  where user_id = new.user_id and currency = new.currency
  for no key update;
  update finance.wallets
  set
    held = held + case when tg_op = 'INSERT' then new.amount else -old.amount end,
    hold_expires_at = (
      select min(expires_at)
      from finance.holds
      where user_id = new.user_id
        and currency = new.currency
        and status = 'PENDING'
    ),
    updated_at = clock_timestamp()
  where user_id = new.user_id
    and currency = new.currency
    and kind = 'USER'
    and status = 'OPEN';
  if not found then
    raise exception 'wallet % % cannot have holds', new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_in_open_user_wallet_check';
  end if;
  return null;
end
$$;

comment on function finance.apply_hold()
is 'Moves what a wallet holds back when a hold opens or is resolved';
--> statement-breakpoint
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
--> statement-breakpoint
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
--> statement-breakpoint
create or replace function finance.check_completed_transaction() returns trigger
language plpgsql
as $$
-- A completed transaction has what it is about, and is recorded when it is posted. Asked at COMMIT,
-- because the transaction is written first: one look by an index for each, and none for a failed
-- one.
declare
  broken text;
begin
  -- Most are of these types, and have entries: each expression costs them more than it seems, and
  -- one with a subquery as much when an `and` before it spares the look.
  if new.status = 'COMPLETED' and new.type not in ('HOLD', 'RELEASE', 'CAPTURE', 'REFUND') then
    if exists (
      select
      from finance.entries
      where transaction_user_id = new.user_id and transaction_id = new.id
    ) then
      return null;
    end if;
    broken := 'transactions_completed_has_entries_check';
  elsif new.status <> 'COMPLETED' then
    perform finance.check_recorded_time(new.id, new.recorded_at);
  elsif new.type = 'HOLD' then
    perform finance.check_recorded_time(new.id, new.recorded_at);
    if not exists (select from finance.holds where user_id = new.user_id and id = new.id) then
      broken := 'transactions_completed_has_hold_check';
    end if;
  else
    broken := finance.broken_purpose(new.user_id, new.id);
    if new.type = 'RELEASE' then
      perform finance.check_recorded_time(new.id, new.recorded_at);
    end if;
  end if;
  if broken is not null then
    raise exception 'completed transaction % (%) is not what it is about', new.id, new.type
      using errcode = 'check_violation', schema = 'finance', table = 'transactions',
        constraint = broken;
  end if;
  return null;
end
$$;

comment on function finance.check_completed_transaction()
is 'Refuses a transaction without what it is about, or recorded at another time than now';
--> statement-breakpoint
create or replace function finance.check_mixed_entries(
  owners uuid[], ids uuid[], codes text[], amounts bigint[]
)
returns text
language sql stable
as $$
  -- Only for statements with a transaction of several currencies, which are few: exchanges and
  -- their reversals. Returns the rule that one of them breaks, and its id.
  select min((broken || ' ' || id) collate "C")
  from (
    select
      id,
      case
        when bool_or(total <> 0) then 'entries_balance_check'
        when not coalesce(bool_and(is_exchange), false) then 'entries_currency_check'
        when coalesce(sum(moved) filter (where code = currency), 0) <> max(amount)
          then 'entries_amount_check'
      end as broken
    from (
      select owner, id, code, sum(leg) as total, sum(greatest(leg, 0)) as moved
      from unnest(owners, ids, codes, amounts) as given (owner, id, code, leg)
      group by owner, id, code
    ) as legs
    left join lateral (
      select
        currency, amount,
        type = 'EXCHANGE' or exists (
          select
          from finance.transactions as reversed
          where reversed.user_id = posted.user_id
            and reversed.id = posted.reverses_id
            and reversed.type = 'EXCHANGE'
        ) as is_exchange
      from finance.transactions as posted
      where posted.user_id = legs.owner
        and posted.id = legs.id
      offset 0
    ) as posted on true
    group by owner, id
    having count(*) > 1
  ) as mixed
$$;

comment on function finance.check_mixed_entries(uuid[], uuid[], text[], bigint[])
is 'Which rule the entries of an exchange break, if any';
--> statement-breakpoint
create or replace function finance.check_new_wallet() returns trigger
language plpgsql
as $$
-- What an opened wallet keeps for good. Checks would ask it again at each posting.
declare
  broken text;
begin
  broken := case
    when new.posted <> 0 or new.held <> 0 or new.version <> 0 or new.posted_at is not null
      or new.hold_expires_at is not null then 'wallets_open_empty_check'
    when new.credit_limit < 0 then 'wallets_credit_limit_not_negative_check'
    when new.kind = 'USER' and new.credit_limit > 0 then 'wallets_user_has_no_credit_check'
    when not case
      when new.kind <> 'USER' then new.user_id = finance.system_owner(new.kind)
      -- Of users too: users_id_not_reserved_check.
      else new.user_id >= '00000000-0000-0000-0000-000000000100' and new.user_id not between
        '00000000-0000-8000-8000-000000000000' and '00000000-0000-8000-8000-0000000000ff'
    end then 'wallets_owner_of_kind_check'
    -- Only the trigger on currencies opens system wallets, which runs this at depth 2.
    when new.kind <> 'USER' and pg_trigger_depth() < 2 then 'wallets_system_by_currency_check'
  end;
  if broken is not null then
    raise exception 'wallet % % cannot be opened so', new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'wallets', constraint = broken;
  end if;
  return new;
end
$$;

comment on function finance.check_new_wallet()
is 'Refuses a wallet that is not empty, or whose owner and kind do not fit';
--> statement-breakpoint
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
--> statement-breakpoint
create or replace function finance.check_recorded_time(id uuid, recorded_at timestamptz)
returns void
language plpgsql
as $$
-- Of a transaction without entries. A refusal can have the time of a wallet that is ahead of the
-- clock.
begin
  if recorded_at between finance.earliest_recording() and clock_timestamp() + interval '5 seconds'
  then
    return;
  end if;
  if finance.may_import('finance.transactions') or (
    recorded_at > clock_timestamp()
    and exists (
      select from finance.wallets where finance.ledger_time(posted_at) >= recorded_at
    )
  ) then
    return;
  end if;
  raise exception 'transaction % is recorded at %, which is not now', id, recorded_at
    using errcode = 'check_violation', schema = 'finance', table = 'transactions',
      constraint = 'transactions_recorded_by_clock_check';
end
$$;

comment on function finance.check_recorded_time(uuid, timestamptz)
is 'Refuses a recorded time that is not the clock''s';
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
  ) or finance.moved_between(
    new.user_id, new.transaction_id,
    finance.system_owner('MINT'), new.user_id, 'AZR', new.tokens_earned
  ) is not true then
    raise exception 'no transaction rewards activity %', new.id
      using errcode = 'check_violation', schema = 'finance', table = 'mining_activities',
        constraint = 'mining_activities_rewarded_by_transaction_check';
  end if;
  return null;
end
$$;

comment on function finance.check_reward_posting()
is 'Refuses a reward whose transaction does not fit';
--> statement-breakpoint
create or replace function finance.check_supply_limit() returns trigger
language plpgsql
as $$
-- Below what is issued it cannot go either: that is wallets_available_check of MINT and EXTERNAL.
begin
  raise exception 'the supply limit of % can only be lowered', old.code
    using errcode = 'check_violation', schema = 'finance', table = 'currencies',
      constraint = 'currencies_supply_limit_lowered_check';
end
$$;

comment on function finance.check_supply_limit()
is 'Refuses a supply limit that is raised or taken away';
--> statement-breakpoint
create or replace function finance.compute_seal() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
-- A seal says what follows from its ranges and the seal before, so that nobody can store another.
-- What is not given is filled in. After a seal that is none, which only somebody past the triggers
-- can have stored, there are no more: all after it would have to go with it.
declare
  newest finance.seals;
  fault text;
  computed finance.seals := new;
begin
  select * into newest from finance.seals order by number desc limit 1;
  fault := case when newest.number is not null then finance.seal_fault(newest) end;
  if fault is not null then
    raise exception 'seal % is none that was sealed: its % is another', newest.number, fault
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_after_sound_check',
        hint = 'verifySeals names it, and docs/backup.md says how to remove it.';
  end if;
  computed.number := coalesce(newest.number, 0) + 1;
  computed.previous_hash := coalesce(newest.hash, sha256(''));
  computed.range_count := (
    select case when count(*) = max(place) then count(*) else 0 end
    from finance.sealed_ranges
    where seal_number = computed.number
  );
  computed.hash := finance.seal_hash(computed.number, computed.previous_hash);
  computed.created_at := transaction_timestamp();
  if computed.range_count = 0 then
    raise exception 'seal % has no ranges, or not one after the other', new.number
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_of_ranges_check';
  end if;
  if new.number <> computed.number
    or new.previous_hash <> computed.previous_hash
    or new.hash <> computed.hash
    or new.range_count <> computed.range_count
  then
    raise exception 'seal % does not follow from its ranges and the seal before', new.number
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_chain_check';
  end if;
  return computed;
end
$$;

comment on function finance.compute_seal()
is 'Fills in a new seal from its ranges, and refuses any other';
--> statement-breakpoint
create or replace function finance.compute_sealed_range() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
-- A range is of the next seal, continues its wallet's ranges, and says what its entries say. It
-- continues none that its seal does not count, which only somebody past the triggers can have
-- stored.
declare
  computed finance.sealed_ranges := new;
  previous record;
  broken text;
begin
  computed.place := 1 + coalesce((
    select max(place) from finance.sealed_ranges where seal_number = new.seal_number
  ), 0);
  select last_version, seal_number = new.seal_number or place <= range_count as is_sound
  into previous
  from finance.sealed_ranges
  left join finance.seals on number = seal_number
  where user_id = new.user_id and currency = new.currency
  order by last_version desc
  limit 1;
  if new.seal_number <> 1 + coalesce((select max(number) from finance.seals), 0) then
    broken := 'sealed_ranges_of_next_seal_check';
  elsif new.first_version <> coalesce(previous.last_version, 0) + 1 then
    broken := 'sealed_ranges_chain_check';
  elsif previous.is_sound is not true and new.first_version > 1 then
    broken := 'sealed_ranges_after_sound_check';
  else
    select r.digests, r.hash into computed.digests, computed.hash
    from finance.digest_range(
      new.user_id, new.currency, new.first_version, new.last_version
    ) as r;
    if new.place <> computed.place
      or new.digests <> computed.digests
      or new.hash <> computed.hash
    then
      broken := 'sealed_ranges_of_entries_check';
    end if;
  end if;
  if broken is not null then
    raise exception 'versions % to % of wallet % % cannot be sealed like this',
      new.first_version, new.last_version, new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'sealed_ranges',
        constraint = broken;
  end if;
  return computed;
end
$$;

comment on function finance.compute_sealed_range()
is 'Fills in a new range from its entries, and refuses any other';
--> statement-breakpoint
create or replace function finance.digest_range(
  owner uuid, of_currency text, first bigint, last bigint,
  out digests bytea, out hash bytea
)
language sql stable
as $$
  -- Reads each entry once: large metadata is what sealing and verifying spend their time on.
  select
    coalesce(string_agg(substring(digest for 8), '' order by version), ''),
    sha256(
      uuid_send(owner) || convert_to(of_currency, 'UTF8') || int8send(first) || int8send(last)
      || coalesce(string_agg(digest, '' order by version), '')
    )
  from (
    select version, finance.entry_digest(entries, transactions) as digest
    from finance.entries
    left join finance.transactions
      on transactions.user_id = transaction_user_id and transactions.id = transaction_id
    where entries.user_id = owner
      and entries.currency = of_currency
      and version between first and last
    offset 0
  ) as digested_entries
$$;

comment on function finance.digest_range(uuid, text, bigint, bigint) is
  'Of consecutive entries of a wallet the SHA-256 over all, and the first 8 bytes of each one''s';
--> statement-breakpoint
create or replace function finance.earliest_recording() returns timestamptz
language sql
as $$
  -- When a row that is written now can have been recorded: since its database transaction began.
  -- One recorded earlier would change balances of the past that others have read. Half a second is
  -- left to writers that read their own clock before they begin. Volatile as the clock is, or it
  -- would not be inlined, and be planned once for each posting.
  select least(now(), clock_timestamp()) - interval '500 milliseconds'
$$;

comment on function finance.earliest_recording()
is 'The earliest time at which what is written now can be recorded';
--> statement-breakpoint
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
--> statement-breakpoint
create or replace function finance.follow_supply_limit() returns trigger
language plpgsql
as $$
-- Both are locked by a statement of its own, in the order of keys, so that the next one knows what
-- EXTERNAL owes by then.
begin
  perform
  from finance.wallets
  where user_id in (finance.system_owner('MINT'), finance.system_owner('EXTERNAL'))
    and currency = new.code
  order by user_id
  for no key update;
  update finance.wallets
  set credit_limit = case wallets.kind
    when 'EXTERNAL' then new.supply_limit
    else new.supply_limit - greatest(-external.posted, 0)
  end
  from finance.wallets as external
  where external.user_id = finance.system_owner('EXTERNAL')
    and external.currency = new.code
    and wallets.user_id in (finance.system_owner('MINT'), finance.system_owner('EXTERNAL'))
    and wallets.currency = new.code;
  return null;
end
$$;

comment on function finance.follow_supply_limit()
is 'Lets MINT and EXTERNAL owe together what the currency''s supply allows';
--> statement-breakpoint
create or replace function finance.lend_supply(
  codes text[], owed_before numeric[], owed_after numeric[], is_falling boolean
)
returns void
language sql
as $$
  -- What EXTERNAL owes of a limited supply, MINT may not owe: so what both have issued is within
  -- the supply, by wallets_available_check of MINT's wallet, whoever issues. A reward moves that
  -- wallet anyhow; deposits of a currency with a supply limit lock it as well, and no others do.
  -- Where more was issued before this was held, money may still go out, and none come in.
  --
  -- For the trigger on entries alone: outside of it wallets_moved_by_ledger refuses.
  update finance.wallets
  set credit_limit = greatest(supply_limit - after, case when is_falling then held - posted end)
  from unnest(codes, owed_before, owed_after) as owed (code, before, after)
  join finance.currencies using (code)
  where wallets.user_id = finance.system_owner('MINT')
    and wallets.currency = code
    and after <> before
    and (after < before) = is_falling
$$;

comment on function finance.lend_supply(text[], numeric[], numeric[], boolean)
is 'Leaves to MINT what EXTERNAL does not owe of a limited supply';
--> statement-breakpoint
create or replace function finance.lock_supply(of_currency text) returns numeric
language plpgsql
as $$
-- What may still be issued of a currency with a supply limit, which stays so until the transaction
-- is over: MINT's wallet is locked. Null for a currency without one, of which nothing is locked.
declare
  room numeric;
begin
  if exists (
    select from finance.currencies where code = of_currency and supply_limit is not null
  ) then
    select posted::numeric - held + credit_limit into room
    from finance.wallets
    where user_id = finance.system_owner('MINT') and currency = of_currency
    for no key update;
  end if;
  return room;
end
$$;

comment on function finance.lock_supply(text)
is 'What may still be issued of a currency with a supply limit, under the lock of MINT';
--> statement-breakpoint
create or replace function finance.may_import(of_table regclass) returns boolean
language sql stable
as $$
  -- Whoever owns the table can disable its triggers anyhow, and says so in his session to write a
  -- history that was recorded elsewhere, as the large seed does: `set local azora.import_history =
  -- on`. By the role that logged in, which a function with its owner's rights does not change.
  select coalesce(current_setting('azora.import_history', true), '') = 'on'
    and pg_has_role(session_user, relowner, 'usage')
  from pg_class
  where pg_class.oid = of_table
$$;

comment on function finance.may_import(regclass)
is 'Whether this session writes a history that was recorded elsewhere';
--> statement-breakpoint
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
--> statement-breakpoint
create or replace function finance.open_system_wallets() returns trigger
language plpgsql
as $$
-- MINT issues a currency and may owe its whole supply; EXTERNAL stands for the world outside and
-- may owe anything, or what MINT leaves of a limited supply (lend_supply); LIQUIDITY and FEES can
-- only pay out what they hold.
begin
  insert into finance.wallets (user_id, currency, kind, credit_limit)
  select finance.system_owner(kind), new.code, kind, credit
  from (
    values
      ('MINT'::finance.wallet_kind, coalesce(new.supply_limit, 0)),
      ('EXTERNAL', coalesce(new.supply_limit, 9223372036854775807)),
      ('LIQUIDITY', 0),
      ('FEES', 0)
  ) as opened (kind, credit);
  return null;
end
$$;

comment on function finance.open_system_wallets()
is 'Opens MINT, EXTERNAL, LIQUIDITY and FEES with each new currency';
--> statement-breakpoint
create or replace function finance.place_hold(
  owner uuid, of_currency text, request_key text, hash bytea, set_aside bigint, until timestamptz,
  about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- A hold is placed, captured and released by transactions, whose keys make each of them happen
-- once; like postings, they lock wallets first, in the order of keys, and then the hold.
declare
  wallet finance.wallets;
  posted finance.transactions;
  failed_with finance.failure_code;
  facts jsonb := finance.failure_facts(owner, of_currency);
  at timestamptz;
begin
  select * into wallet
  from finance.wallets
  where user_id = owner and currency = of_currency
  for no key update;
  at := finance.ledger_time(clock_timestamp());
  if wallet.posted - wallet.held < set_aside and wallet.hold_expires_at <= at then
    perform finance.expire_due_holds(owner, of_currency, at);
    select * into wallet from finance.wallets where user_id = owner and currency = of_currency;
  end if;

  -- What can never be done first: a wallet can be opened and filled, but a time that is over is.
  if until <= at then
    failed_with := 'HOLD_EXPIRED';
  elsif wallet.user_id is null then
    failed_with := finance.missing_wallet(of_currency);
  elsif wallet.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
  elsif wallet.posted - wallet.held < set_aside then
    failed_with := 'INSUFFICIENT_FUNDS';
    facts := finance.failure_facts(owner, of_currency, wallet.posted - wallet.held, set_aside);
  end if;

  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    failure_code, failure_facts, occurred_at, recorded_at
  )
  values (
    owner, 'HOLD',
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    of_currency, set_aside, about, extra, request_key, hash,
    failed_with, case when failed_with is not null then facts end, at, at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions where user_id = owner and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    insert into finance.holds (user_id, id, currency, amount, reason, created_at, expires_at)
    values (owner, posted.id, of_currency, set_aside, about, at, until);
  end if;
  return next posted;
end
$$;

comment on function finance.place_hold(uuid, text, text, bytea, bigint, timestamptz, text, jsonb)
is 'Sets money of a wallet aside, or records why not';
--> statement-breakpoint
create or replace function finance.post_legs(
  initiator uuid, request_key text, hash bytea, of_type finance.transaction_type,
  of_currency text, total bigint, owners uuid[], codes text[], amounts bigint[],
  happened_at timestamptz, about text, extra jsonb, reversed uuid, numerator bigint,
  denominator bigint, decided finance.failure_code, decided_facts jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- A transaction of several legs, each in another wallet: exchanges and reversals. `decided` is a
-- refusal that the caller found already, to be stored as the outcome.
declare
  largest constant bigint := 9223372036854775807;
  external constant uuid := finance.system_owner('EXTERNAL');
  size constant integer := coalesce(cardinality(amounts), 0);
  room numeric;
  leg record;
  found_wallet finance.wallets;
  wallets finance.wallets[] := array_fill(null::finance.wallets, array[size]);
  posted finance.transactions;
  failed_with finance.failure_code := decided;
  facts jsonb := decided_facts;
  at timestamptz;
begin
  for leg in
    select owner, code, n
    from unnest(owners, codes) with ordinality as given (owner, code, n)
    order by owner, code
  loop
    -- MINT first, whose id is less than any that the library gives to a user.
    room := case when leg.owner = external then finance.lock_supply(leg.code) end;
    select * into found_wallet
    from finance.wallets
    where user_id = leg.owner and currency = leg.code
    for no key update;
    if room is not null then
      found_wallet.credit_limit :=
        least(found_wallet.credit_limit, greatest(-found_wallet.posted, 0) + room);
    end if;
    wallets[leg.n] := found_wallet;
  end loop;
  at := finance.ledger_time(
    greatest(clock_timestamp(), (select max((w).posted_at) from unnest(wallets) as w))
  );

  -- What can never be done is refused before what may be possible later: funds come back, and a
  -- smaller part may be asked for. Under the locks of the wallets, which every reversal of the same
  -- transaction takes.
  if reversed is not null and failed_with is distinct from 'NOT_REVERSIBLE' and exists (
    select
    from finance.transactions
    where user_id = initiator
      and reverses_id = reversed
      and status = 'COMPLETED'
      and idempotency_key <> request_key
  ) then
    failed_with := 'ALREADY_REVERSED';
    facts := '{}';
  end if;

  for i in 1..size loop
    exit when failed_with is not null;
    if (wallets[i]).user_id is null then
      failed_with := finance.missing_wallet(codes[i]);
      facts := finance.failure_facts(owners[i], codes[i]);
    elsif (wallets[i]).status = 'CLOSED' then
      failed_with := 'WALLET_CLOSED';
      facts := finance.failure_facts(owners[i], codes[i]);
    end if;
  end loop;
  for i in 1..size loop
    exit when failed_with is not null;
    found_wallet := wallets[i];
    if amounts[i] < 0
      and found_wallet.posted - found_wallet.held < -amounts[i] - found_wallet.credit_limit
      and found_wallet.hold_expires_at <= clock_timestamp()
    then
      perform finance.expire_due_holds(owners[i], codes[i], clock_timestamp());
      select * into found_wallet
      from finance.wallets
      where user_id = owners[i] and currency = codes[i];
    end if;
    if amounts[i] < 0
      and found_wallet.posted - found_wallet.held < -amounts[i] - found_wallet.credit_limit
    then
      failed_with := 'INSUFFICIENT_FUNDS';
      facts := finance.failure_facts(
        owners[i], codes[i],
        found_wallet.posted::numeric - found_wallet.held + found_wallet.credit_limit, -amounts[i]
      );
    elsif amounts[i] > 0 and found_wallet.posted > largest - amounts[i] then
      failed_with := 'BALANCE_LIMIT';
      facts := finance.failure_facts(
        owners[i], codes[i], largest::numeric - found_wallet.posted, amounts[i]
      );
    end if;
  end loop;
  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    reverses_id, rate_numerator, rate_denominator, failure_code, failure_facts,
    occurred_at, recorded_at
  )
  values (
    initiator, of_type,
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    of_currency, total, about, extra, request_key, hash, reversed, numerator, denominator,
    failed_with, facts, coalesce(happened_at, at), at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions
      where user_id = initiator and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    insert into finance.entries (
      user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
      recorded_at, occurred_at
    )
    select
      owner, code, (wallets[n]).version + 1, initiator, posted.id, amount,
      (wallets[n]).posted + amount, at, nullif(happened_at, at)
    from unnest(owners, codes, amounts) with ordinality as given (owner, code, amount, n);
  end if;
  return next posted;
end
$$;

comment on function finance.post_legs(
  uuid, text, bytea, finance.transaction_type, text, bigint, uuid[], text[], bigint[],
  timestamptz, text, jsonb, uuid, bigint, bigint, finance.failure_code, jsonb
) is 'Posts one transaction of several legs, or records why not';
--> statement-breakpoint
create or replace function finance.post_transfer(
  initiator uuid, request_key text, hash bytea, of_type finance.transaction_type,
  payer uuid, payee uuid, of_currency text, moved bigint,
  happened_at timestamptz, about text, extra jsonb
) returns setof finance.transactions
language plpgsql
as $$
-- One transfer of one currency between two wallets. Two requests with one key cannot both write:
-- the second waits for the first, inserts nothing, and answers with what the first wrote. The
-- caller compares the hashes.
--
-- A posting is several statements that must share one round trip and one snapshot rule, so it is a
-- function, here as in post_transfers and post_legs: it locks its wallets in the order of their
-- keys, reads them in a statement that begins after the locks are held, decides, and writes the
-- outcome with the key of the request. It guards nothing: the triggers of the ledger do, for it and
-- for plain SQL.
declare
  largest constant bigint := 9223372036854775807;
  external constant uuid := finance.system_owner('EXTERNAL');
  room numeric;
  source finance.wallets;
  target finance.wallets;
  posted finance.transactions;
  failed_with finance.failure_code;
  facts jsonb;
  at timestamptz;
begin
  -- MINT first, whose id is less than any that the library gives to a user.
  if external in (payer, payee) then
    room := finance.lock_supply(of_currency);
  end if;
  if payer < payee then
    select * into source
    from finance.wallets
    where user_id = payer and currency = of_currency
    for no key update;
    select * into target
    from finance.wallets
    where user_id = payee and currency = of_currency
    for no key update;
  else
    select * into target
    from finance.wallets
    where user_id = payee and currency = of_currency
    for no key update;
    select * into source
    from finance.wallets
    where user_id = payer and currency = of_currency
    for no key update;
  end if;
  at := finance.ledger_time(greatest(clock_timestamp(), source.posted_at, target.posted_at));

  if source.posted - source.held < moved - source.credit_limit
    and source.hold_expires_at <= clock_timestamp()
  then
    perform finance.expire_due_holds(payer, of_currency, clock_timestamp());
    select * into source from finance.wallets where user_id = payer and currency = of_currency;
  end if;

  if payer = external and room is not null then
    source.credit_limit := least(source.credit_limit, greatest(-source.posted, 0) + room);
  end if;

  if source.user_id is null or target.user_id is null then
    failed_with := finance.missing_wallet(of_currency);
    facts := finance.failure_facts(
      case when source.user_id is null then payer else payee end, of_currency
    );
  elsif source.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
    facts := finance.failure_facts(payer, of_currency);
  elsif target.status = 'CLOSED' then
    failed_with := 'WALLET_CLOSED';
    facts := finance.failure_facts(payee, of_currency);
  elsif source.posted - source.held < moved - source.credit_limit then
    failed_with := 'INSUFFICIENT_FUNDS';
    facts := finance.failure_facts(
      payer, of_currency, source.posted::numeric - source.held + source.credit_limit, moved
    );
  elsif target.posted > largest - moved then
    failed_with := 'BALANCE_LIMIT';
    facts := finance.failure_facts(payee, of_currency, largest::numeric - target.posted, moved);
  end if;

  insert into finance.transactions (
    user_id, type, status, currency, amount, description, metadata, idempotency_key, request_hash,
    failure_code, failure_facts, occurred_at, recorded_at
  )
  values (
    initiator, of_type,
    case when failed_with is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    of_currency, moved, about, extra, request_key, hash,
    failed_with, facts, coalesce(happened_at, at), at
  )
  on conflict (user_id, idempotency_key) do nothing
  returning * into posted;
  if posted.id is null then
    return query
      select * from finance.transactions
      where user_id = initiator and idempotency_key = request_key;
    return;
  end if;

  if failed_with is null then
    insert into finance.entries (
      user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
      recorded_at, occurred_at
    )
    values
      (payer, of_currency, source.version + 1, initiator, posted.id, -moved, source.posted - moved,
        at, nullif(happened_at, at)),
      (payee, of_currency, target.version + 1, initiator, posted.id, moved, target.posted + moved,
        at, nullif(happened_at, at));
  end if;
  return next posted;
end
$$;

comment on function finance.post_transfer(
  uuid, text, bytea, finance.transaction_type, uuid, uuid, text, bigint, timestamptz, text, jsonb
) is 'Moves money between two wallets, or records why not; the same key answers the same';
--> statement-breakpoint
create or replace function finance.post_transfers(
  initiators uuid[], request_keys text[], hashes bytea[], types finance.transaction_type[],
  payers uuid[], payees uuid[], currencies text[], amounts bigint[],
  happened timestamptz[], abouts text[], extras jsonb[], is_atomic boolean
) returns setof finance.transactions
language plpgsql
as $$
-- Transfers as if posted one by one in their order. All wallets are locked first, in the order of
-- their keys over the whole batch; then each transfer is decided on the balances that those before
-- it left, in memory; then each table gets one insert. Of 1,000 transfers, deciding takes a tenth
-- of the time. A transfer whose key is known, or repeats one of the batch, answers with what was
-- written under it.
declare
  largest constant bigint := 9223372036854775807;
  size constant integer := cardinality(amounts);
  external constant uuid := finance.system_owner('EXTERNAL');
  at timestamptz;
  -- The currencies with a supply limit that EXTERNAL moves: MINT has a say in those.
  issued text[];
  -- Of the wallets that move: others have no say in when.
  newest timestamptz;
  is_due boolean;
  -- Of the locked wallets, by place.
  owner_of uuid[];
  code_of text[];
  posted_of bigint[];
  held_of bigint[];
  credit_of bigint[];
  version_of bigint[];
  posted_at_of timestamptz[];
  open_of boolean[];
  -- The credit of EXTERNAL by itself, and the place of the MINT that it shares a supply with.
  limit_of bigint[];
  mint_places integer[];
  -- Of the transfers, by position.
  source_places integer[];
  target_places integer[];
  firsts integer[];
  ids uuid[];
  blocked boolean[];
  is_new boolean[] := array_fill(false, array[size]);
  failures finance.failure_code[] := array_fill(null::finance.failure_code, array[size]);
  facts jsonb[] := array_fill(null::jsonb, array[size]);
  source_versions bigint[] := array_fill(null::bigint, array[size]);
  source_balances bigint[] := array_fill(null::bigint, array[size]);
  target_versions bigint[] := array_fill(null::bigint, array[size]);
  target_balances bigint[] := array_fill(null::bigint, array[size]);
  s integer;
  t integer;
  m integer;
  moved bigint;
  failed_with finance.failure_code;
  any_rejected boolean := false;
  new_count integer := 0;
  inserted integer;
begin
  if external = any(payers) or external = any(payees) then
    select array_agg(distinct code) into issued
    from unnest(payers, payees, currencies) as moved (payer, payee, code)
    join finance.currencies using (code)
    where external in (payer, payee)
      and supply_limit is not null;
  end if;
  perform
  from finance.wallets
  where (user_id, currency) in (
    select unnest(payers), unnest(currencies)
    union
    select unnest(payees), unnest(currencies)
    union
    select finance.system_owner('MINT'), unnest(issued)
  )
  order by user_id, currency
  for no key update;

  -- Twice at most: once more after due holds were ended. What a wallet says about its holds is a
  -- hint.
  for pass in 1..2 loop
    select
      array_agg(user_id order by user_id, currency), array_agg(currency order by user_id, currency),
      array_agg(posted order by user_id, currency), array_agg(held order by user_id, currency),
      array_agg(credit_limit order by user_id, currency),
      array_agg(version order by user_id, currency),
      array_agg(posted_at order by user_id, currency),
      array_agg(status = 'OPEN' order by user_id, currency),
      bool_or(hold_expires_at <= clock_timestamp())
    into owner_of, code_of, posted_of, held_of, credit_of, version_of, posted_at_of, open_of, is_due
    from finance.wallets
    where (user_id, currency) in (
      select unnest(payers), unnest(currencies)
      union
      select unnest(payees), unnest(currencies)
      union
      select finance.system_owner('MINT'), unnest(issued)
    );
    exit when pass = 2 or is_due is not true;
    perform finance.expire_due_holds(owner, code, clock_timestamp())
    from unnest(owner_of, code_of) as due (owner, code);
  end loop;

  limit_of := credit_of;
  if issued is not null then
    select array_agg(mint order by n) into mint_places
    from generate_subscripts(owner_of, 1) as n
    left join generate_subscripts(owner_of, 1) as mint
      on owner_of[n] = external
        and owner_of[mint] = finance.system_owner('MINT')
        and code_of[mint] = code_of[n];
  end if;

  select
    array_agg(source.place order by n), array_agg(target.place order by n),
    array_agg(first_n order by n), array_agg(known.id order by n),
    array_agg(
      coalesce(known.request_hash <> hash or known.status <> 'COMPLETED', first_hash <> hash)
      order by n
    )
  into source_places, target_places, firsts, ids, blocked
  from (
    select
      *,
      first_value(n) over same_key as first_n,
      first_value(hash) over same_key as first_hash
    from unnest(initiators, request_keys, hashes, payers, payees, currencies)
      with ordinality as given (initiator, request_key, hash, payer, payee, code, n)
    window same_key as (partition by initiator, request_key order by n)
  ) as items
  -- Series with subscripts, because the planner knows how many rows they give. With unnest it
  -- compared every transfer with every wallet in the first batches of a connection: 490 ms for
  -- 1,000 transfers, not 160.
  left join (
    select owner_of[n] as owner, code_of[n] as code, n as place
    from generate_series(1, cardinality(owner_of)) as n
  ) as source on source.owner = payer and source.code = items.code
  left join (
    select owner_of[n] as owner, code_of[n] as code, n as place
    from generate_series(1, cardinality(owner_of)) as n
  ) as target on target.owner = payee and target.code = items.code
  -- By key, one look-up each: as a plain join the planner may read all transactions instead.
  left join lateral (
    select id, request_hash, status
    from finance.transactions
    where transactions.idempotency_key = items.request_key
      and transactions.user_id = items.initiator
    limit 1
  ) as known on true;

  for i in 1..size loop
    any_rejected := any_rejected or blocked[i];
    if ids[i] is not null then
      continue;
    end if;
    if firsts[i] < i then
      ids[i] := ids[firsts[i]];
      continue;
    end if;
    s := source_places[i];
    t := target_places[i];
    moved := amounts[i];
    failed_with := null;
    m := mint_places[s];
    if m is not null then
      credit_of[s] := least(
        limit_of[s], greatest(-posted_of[s], 0) + posted_of[m] - held_of[m] + credit_of[m]
      );
    end if;
    if s is null or t is null then
      failed_with := finance.missing_wallet(currencies[i]);
      facts[i] := finance.failure_facts(
        case when s is null then payers[i] else payees[i] end, currencies[i]
      );
    elsif not open_of[s] then
      failed_with := 'WALLET_CLOSED';
      facts[i] := finance.failure_facts(payers[i], currencies[i]);
    elsif not open_of[t] then
      failed_with := 'WALLET_CLOSED';
      facts[i] := finance.failure_facts(payees[i], currencies[i]);
    elsif posted_of[s] - held_of[s] < moved - credit_of[s] then
      failed_with := 'INSUFFICIENT_FUNDS';
      facts[i] := finance.failure_facts(
        payers[i], currencies[i], posted_of[s]::numeric - held_of[s] + credit_of[s], moved
      );
    elsif posted_of[t] > largest - moved then
      failed_with := 'BALANCE_LIMIT';
      facts[i] := finance.failure_facts(
        payees[i], currencies[i], largest::numeric - posted_of[t], moved
      );
    else
      m := coalesce(m, mint_places[t]);
      if m is not null then
        credit_of[m] := credit_of[m] + case
          when m = mint_places[s]
            then greatest(-posted_of[s], 0) - greatest(moved - posted_of[s], 0)
          else greatest(-posted_of[t], 0) - greatest(-moved - posted_of[t], 0)
        end;
      end if;
      posted_of[s] := posted_of[s] - moved;
      posted_of[t] := posted_of[t] + moved;
      version_of[s] := version_of[s] + 1;
      version_of[t] := version_of[t] + 1;
      source_versions[i] := version_of[s];
      source_balances[i] := posted_of[s];
      target_versions[i] := version_of[t];
      target_balances[i] := posted_of[t];
      newest := greatest(newest, posted_at_of[s], posted_at_of[t]);
    end if;
    ids[i] := platform.new_id();
    is_new[i] := true;
    failures[i] := failed_with;
    any_rejected := any_rejected or failed_with is not null;
    new_count := new_count + 1;
  end loop;

  if is_atomic and any_rejected then
    for i in 1..size loop
      if is_new[i] and failures[i] is null then
        failures[i] := 'BATCH_REJECTED';
        facts[i] := '{}';
      end if;
    end loop;
  end if;

  at := finance.ledger_time(greatest(clock_timestamp(), newest));

  -- In the order of the keys, so that two batches that share keys cannot wait for each other.
  insert into finance.transactions (
    id, user_id, type, status, currency, amount, description, metadata, idempotency_key,
    request_hash, failure_code, failure_facts, occurred_at, recorded_at
  )
  select
    id, initiator, type,
    case when failure is null then 'COMPLETED' else 'FAILED' end::finance.transaction_status,
    code, amount, about, extra, request_key, hash, failure, fact, coalesce(happened_at, at), at
  from unnest(
    ids, initiators, types, currencies, amounts, abouts, extras, request_keys, hashes, failures,
    facts, happened, is_new
  ) as item (
    id, initiator, type, code, amount, about, extra, request_key, hash, failure,
    fact, happened_at, is_new
  )
  where item.is_new
  order by request_key, initiator
  on conflict (user_id, idempotency_key) do nothing;
  get diagnostics inserted = row_count;
  if inserted < new_count then
    raise exception 'another session used a key of this batch just now'
      using errcode = 'serialization_failure';
  end if;

  insert into finance.entries (
    user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after,
    recorded_at, occurred_at
  )
  select owner, code, version, initiator, id, leg, balance, at, nullif(happened_at, at)
  from unnest(
    ids, initiators, currencies, happened, payers, payees, amounts, failures, is_new,
    source_versions, source_balances, target_versions, target_balances
  ) as item (
    id, initiator, code, happened_at, payer, payee, amount, failure, is_new,
    source_version, source_balance, target_version, target_balance
  )
  cross join lateral (
    values
      (payer, source_version, -amount, source_balance),
      (payee, target_version, amount, target_balance)
  ) as legs (owner, version, leg, balance)
  where item.is_new
    and failure is null;

  return query
    select recorded.*
    from unnest(ids, initiators) with ordinality as item (id, initiator, n)
    cross join lateral (
      select *
      from finance.transactions
      where transactions.user_id = item.initiator
        and transactions.id = item.id
      limit 1
    ) as recorded
    order by n;
end
$$;

comment on function finance.post_transfers(
  uuid[], text[], bytea[], finance.transaction_type[], uuid[], uuid[], text[], bigint[],
  timestamptz[], text[], jsonb[], boolean
) is 'Posts transfers as if one by one in their order, or all or none';
--> statement-breakpoint
create or replace function finance.seal_entries(
  after_owner uuid, after_currency text, page integer, range_size integer,
  most integer default 10000, most_bytes bigint default 2000000,
  out last_owner uuid, out last_currency text, out sealed bigint
)
language plpgsql
as $$
-- Seals what is new in the next `page` wallets after the given key, at most `most` entries of them,
-- and says after which key to go on: a wallet that is not sealed to its end comes again. It ends
-- with the entry that brings what the transactions' texts take on disk above `most_bytes`. One
-- sealer at a time, because the seals are a chain; it locks no wallet. A caller whose snapshot is
-- older than another's seal gets a serialization failure.
--
-- On disk, because that is known without reading it: compressed text is up to 255 times as long.
declare
  next_number bigint;
  ranges integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('azora seals', 0));
  next_number := 1 + coalesce((select max(number) from finance.seals), 0);
  if exists (select from finance.sealed_ranges where seal_number >= next_number) then
    raise exception 'there are ranges of seal % before it', next_number
      using errcode = 'check_violation', schema = 'finance', table = 'seals',
        constraint = 'seals_after_sound_check',
        hint = 'verifySeals names them, and docs/backup.md says how to remove them.';
  end if;
  -- The seal's hash is over its ranges, and its ranges refer to it.
  set constraints finance.sealed_ranges_seal_number_fkey deferred;

  with wallets_of_page as (
    select
      user_id, currency, version, sealed_version,
      greatest(version - sealed_version, 0) as unsealed
    from (
      select
        user_id, currency, version,
        (
          select coalesce(max(last_version), 0)
          from finance.sealed_ranges
          where sealed_ranges.user_id = wallets.user_id
            and sealed_ranges.currency = wallets.currency
        ) as sealed_version
      from finance.wallets
      where (user_id, currency) > (after_owner, after_currency)
      order by user_id, currency
      limit page
    ) as next_wallets
  ), counted_wallets as materialized (
    select
      user_id, currency, version, sealed_version,
      least(version, sealed_version + most - unsealed_before)::bigint as counted_until
    from (
      select *, sum(unsealed) over (order by user_id, currency) - unsealed as unsealed_before
      from wallets_of_page
    ) as wallets_with_before
    where unsealed_before < most
  ), weighed_entries as (
    select
      user_id, currency, place,
      coalesce(
        sum(weight) over (
          order by user_id, currency, place rows between unbounded preceding and 1 preceding
        ), 0
      ) as weight_before
    from counted_wallets
    cross join lateral generate_series(sealed_version + 1, counted_until) as place
    left join lateral (
      select
        pg_column_size(metadata) + coalesce(pg_column_size(description), 0)
        + pg_column_size(idempotency_key) as weight
      from finance.entries
      join finance.transactions
        on transactions.user_id = transaction_user_id and transactions.id = transaction_id
      where entries.user_id = counted_wallets.user_id
        and entries.currency = counted_wallets.currency
        and entries.version = place
      offset 0
    ) as weighed on true
  ), reached_wallets as materialized (
    select
      user_id, currency, version, sealed_version,
      coalesce(max(place), sealed_version) as sealed_until
    from counted_wallets
    left join (
      select user_id, currency, place
      from weighed_entries
      where weight_before < most_bytes
    ) as light_entries using (user_id, currency)
    group by user_id, currency, version, sealed_version
  ), unsealed_ranges as (
    select
      user_id, currency, first_version,
      least(first_version + range_size - 1, sealed_until) as last_version
    from reached_wallets
    cross join lateral generate_series(
      sealed_version + 1, sealed_until, range_size
    ) as first_version
  ), new_ranges as (
    insert into finance.sealed_ranges (
      user_id, currency, first_version, last_version, seal_number
    )
    select user_id, currency, first_version, last_version, next_number
    from unsealed_ranges
    order by user_id, currency, first_version
    on conflict do nothing
    returning last_version - first_version + 1 as entry_count
  )
  select
    (select count(*) from new_ranges), (select coalesce(sum(entry_count), 0) from new_ranges),
    user_id, currency
  into ranges, sealed, last_owner, last_currency
  from (
    -- Those before the first that is not sealed to its end.
    select user_id, currency
    from (
      select
        user_id, currency,
        bool_and(sealed_until >= version) over (order by user_id, currency) as is_finished
      from reached_wallets
    ) as wallets_so_far
    where is_finished
    union all
    select after_owner, after_currency
    where exists (select from reached_wallets)
  ) as finished_wallets
  order by user_id desc, currency desc
  limit 1;
  sealed := coalesce(sealed, 0);

  if ranges > 0 then
    insert into finance.seals (number)
    values (next_number)
    on conflict (number) do nothing;
    if not found then
      raise exception 'another session sealed entries just now'
        using errcode = 'serialization_failure';
    end if;
  end if;
end
$$;

comment on function finance.seal_entries(uuid, text, integer, integer, integer, bigint)
is 'Seals new entries of the next wallets';
--> statement-breakpoint
create or replace function finance.seal_fault(seal finance.seals) returns text
language sql stable
as $$
  -- One range too many is found without its hash, by its place.
  select
    case
      when seal.previous_hash is distinct from
        case
          when seal.number = 1 then sha256('')
          else (select hash from finance.seals where number = seal.number - 1)
        end
        then 'previous_hash'
      when seal.range_count is distinct from (
        select case when count(*) = max(place) then count(*) end
        from finance.sealed_ranges
        where seal_number = seal.number
      ) then 'range_count'
      when seal.hash is distinct from finance.seal_hash(seal.number, seal.previous_hash) then 'hash'
    end
$$;

comment on function finance.seal_fault(finance.seals) is
  'Which column of a seal does not follow from its ranges and the seal before; null if all do';
--> statement-breakpoint
create or replace function finance.seal_hash(seal bigint, previous bytea) returns bytea
language sql stable
as $$
  -- In the order of places, because the order of currencies is the database's own.
  select sha256(previous || int8send(seal) || string_agg(hash, '' order by place))
  from finance.sealed_ranges
  where seal_number = seal
$$;

comment on function finance.seal_hash(bigint, bytea)
is 'The hash of a seal over its ranges and the seal before';
--> statement-breakpoint
create or replace function finance.system_owner(of_kind finance.wallet_kind) returns uuid
language sql immutable parallel safe
as $$
  -- The one place in SQL that knows these ids; `systemOwners` says the same to callers. They are
  -- of version 8, RFC 9562's own for what an application makes up.
  select case of_kind
    when 'MINT' then '00000000-0000-8000-8000-000000000001'::uuid
    when 'EXTERNAL' then '00000000-0000-8000-8000-000000000002'
    when 'LIQUIDITY' then '00000000-0000-8000-8000-000000000003'
    when 'FEES' then '00000000-0000-8000-8000-000000000004'
  end
$$;

comment on function finance.system_owner(finance.wallet_kind)
is 'The reserved id that owns the wallets of a kind';
--> statement-breakpoint
create or replace function identity.check_time_zone() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- In a trigger and not in the check, so that rows are restored where the server's list lacks a
-- zone, and so that no parallel scan comes by the exception block.
begin
  perform timestamptz '2000-01-01 00:00:00+00' at time zone new.time_zone;
  return new;
exception when invalid_parameter_value then
  raise exception using
    errcode = 'check_violation',
    message = 'the server knows no time zone of this name',
    schema = 'identity',
    table = 'user_profiles',
    constraint = 'user_profiles_time_zone_check';
end
$$;

comment on function identity.check_time_zone()
is 'Refuses a time zone that the server does not know';
--> statement-breakpoint
create or replace function marketplace.add_job_vectors(job_ids uuid[]) returns void
language plpgsql
as $$
-- Skills can be there already when one statement inserts both, or a trigger on jobs adds skills.
declare
  skilled_ids uuid[];
begin
  insert into marketplace.job_vectors
    (job_id, needs, codes, total_weight, skill_bits, posted_at, expires_at, remote, location,
      currency, top_salary)
  select id, '{}', '{}', 0, 0::bit(256), posted_at, expires_at, remote,
    public.fold_text(location), currency, coalesce(salary_max, salary_min)
  from marketplace.jobs
  where id = any (job_ids);

  select array_agg(id) into skilled_ids
  from unnest(job_ids) as added (id)
  where exists (select from marketplace.job_skills where job_id = id);
  if skilled_ids is not null then
    perform marketplace.index_jobs(skilled_ids);
  end if;
end
$$;

comment on function marketplace.add_job_vectors(uuid[]) is 'Gives new jobs their vectors';
--> statement-breakpoint
create or replace function marketplace.begin_packed_group() returns integer
language plpgsql
as $$
-- A run packs into groups of its own, so that unpack_jobs can tell its blocks from older ones.
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  return (marketplace.next_packed_block() + 255) / 256 * 256;
end
$$;

comment on function marketplace.begin_packed_group()
is 'The number of the first block in the next group';
--> statement-breakpoint
create or replace function marketplace.check_step_taken() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Whoever inserts it: a step says what its application is since its last step, and comes after it.
declare
  last record;
begin
  select position, status, withdrawn into last
  from marketplace.application_steps
  where user_id = new.user_id
    and job_id = new.job_id
  order by position desc
  limit 1;
  if new.position = coalesce(last.position, 0) + 1
    and (new.status, new.withdrawn) is distinct from (last.status, last.withdrawn)
    and exists (
      select
      from marketplace.job_applications
      where user_id = new.user_id
        and job_id = new.job_id
        and status = new.status
        and (withdrawn_at is not null) = new.withdrawn
        and status_changed_at = new.changed_at
        and status_changed_by is not distinct from new.changed_by
    )
  then
    return new;
  end if;
  raise exception 'the application of user % to job % has taken no such step',
    new.user_id, new.job_id
    using errcode = 'check_violation', schema = 'marketplace', table = 'application_steps',
      constraint = 'application_steps_taken_check';
end
$$;

comment on function marketplace.check_step_taken()
is 'Refuses a step that its application has not taken';
--> statement-breakpoint
create or replace function marketplace.compute_job_vectors(job_ids uuid[])
returns setof marketplace.job_vectors
language sql stable
as $$
  select j.id, coalesce(n.needs, '{}'), coalesce(n.codes, '{}'), coalesce(n.total_weight, 0),
    coalesce(n.skill_bits, 0::bit(256)), j.posted_at, j.expires_at, j.remote,
    public.fold_text(j.location), j.currency, coalesce(j.salary_max, j.salary_min)
  from marketplace.jobs j
  left join lateral (
    select array_agg(c.code order by coalesce(r.rank, 0), js.skill_id) as needs,
      public.sort(
        array_agg(c.code) || coalesce(array_agg(c.code - 1) filter (where js.required), '{}')
      ) as codes,
      sum(1 + js.required::int)::integer as total_weight,
      bit_or(marketplace.skill_bits(js.skill_id, js.required)) as skill_bits
    from marketplace.job_skills js
    left join marketplace.skill_ranks r on r.skill_id = js.skill_id
    cross join lateral (
      select js.skill_id * 8 + (marketplace.level_number(js.level) - 1) * 2 + js.required::int
    ) c (code)
    where js.job_id = j.id
  ) n on j.status = 'ACTIVE' and j.deleted_at is null
  where j.id = any (job_ids)
$$;

comment on function marketplace.compute_job_vectors(uuid[])
is 'What job_vectors should hold for these jobs';
--> statement-breakpoint
create or replace function marketplace.index_jobs(job_ids uuid[]) returns void
language plpgsql
set jit = off
as $$
-- The lock on the jobs' vectors, in key order, makes two writers of one job take turns. What
-- follows it are statements of their own: at READ COMMITTED they see what the first writer
-- committed, and at higher isolation the lock itself fails with 40001 when that writer changed the
-- vector. A job that is not active has an empty vector whatever its skills are, so its row is
-- written all the same: or else two writers at higher isolation would leave the skills of both, and
-- one who activates the job would index the skills of an old snapshot. At higher isolation the
-- ranks of the snapshot can be older than the last refresh, which the lock on its row tells: then
-- it is 40001 as well.
--
-- A job whose skills have changed leaves its block. Times and the order of its needs do not matter
-- there.
declare
  changed_ids uuid[];
  leaving_ids uuid[];
begin
  perform pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0);
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform from marketplace.rank_refreshes where id = 1 for share;
    if not found then
      insert into marketplace.rank_refreshes values (1, 0) on conflict do nothing;
    end if;
  end if;
  perform from marketplace.job_vectors
  where job_id = any (job_ids)
  order by job_id
  for update;

  select array_agg(v.job_id), array_agg(v.job_id) filter (where v.codes <> coalesce(c.codes, '{}'))
  into changed_ids, leaving_ids
  from marketplace.job_vectors v
  left join marketplace.compute_job_vectors(job_ids) c on c.job_id = v.job_id
  where v.job_id = any (job_ids)
    and (
      v.needs <> coalesce(c.needs, '{}')
      or (v.posted_at, v.expires_at) is distinct from (c.posted_at, c.expires_at)
    );

  if changed_ids is not null then
    perform marketplace.delete_postings(changed_ids);
    delete from marketplace.packed_jobs where job_id = any (leaving_ids);
  end if;

  update marketplace.job_vectors v
  set needs = c.needs, codes = c.codes, total_weight = c.total_weight, skill_bits = c.skill_bits,
    posted_at = c.posted_at, expires_at = c.expires_at, remote = c.remote, location = c.location,
    currency = c.currency, top_salary = c.top_salary
  from marketplace.compute_job_vectors(job_ids) c
  where v.job_id = c.job_id
    and (v.* is distinct from c.* or c.needs = '{}');

  if changed_ids is not null then
    -- A job that is being deleted has a vector for a moment longer, but no skills any more.
    update marketplace.job_vectors v
    set needs = '{}', codes = '{}', total_weight = 0, skill_bits = 0::bit(256)
    where v.job_id = any (changed_ids)
      and not exists (select from marketplace.jobs j where j.id = v.job_id);

    insert into marketplace.skill_postings
    select * from marketplace.compute_postings(changed_ids);
  end if;
end
$$;

comment on function marketplace.index_jobs(uuid[])
is 'Brings vectors and postings of these jobs up to date';
--> statement-breakpoint
create or replace function marketplace.keep_application_steps() returns trigger
language plpgsql
as $$
-- Steps go when their application does, and forget a user who is deleted: both show in what the
-- foreign key points to, which is gone by then. Truncation is looked at afterwards, for the same
-- reason.
begin
  if tg_op = 'TRUNCATE' then
    if not exists (select from marketplace.job_applications) then
      return null;
    end if;
  elsif tg_op = 'DELETE' then
    if not exists (
      select from marketplace.job_applications
      where user_id = old.user_id
        and job_id = old.job_id
    ) then
      return old;
    end if;
  elsif new.changed_by is null
    and (new.user_id, new.job_id, new.position, new.status, new.withdrawn, new.changed_at)
      = (old.user_id, old.job_id, old.position, old.status, old.withdrawn, old.changed_at)
    and not exists (select from identity.users where id = old.changed_by)
  then
    return new;
  end if;
  raise exception 'marketplace.application_steps is append-only: % is not allowed',
    lower(tg_op collate "C")
    using errcode = 'restrict_violation', schema = 'marketplace', table = 'application_steps',
      constraint = 'application_steps_append_only';
end
$$;

comment on function marketplace.keep_application_steps()
is 'Refuses every change of the steps but what foreign keys do';
--> statement-breakpoint
create or replace function marketplace.keep_applications() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
-- Who applies once cannot apply again, and a decision stays. The applications of an erased user go
-- with the user, who is gone by then.
begin
  if exists (select from identity.users where id = old.user_id) then
    raise exception 'the application of user % to job % stays', old.user_id, old.job_id
      using errcode = 'restrict_violation', schema = 'marketplace', table = 'job_applications',
        constraint = 'job_applications_stay';
  end if;
  return old;
end
$$;

comment on function marketplace.keep_applications()
is 'Keeps an application for as long as its user';
--> statement-breakpoint
create or replace function marketplace.match_filtered_jobs(
  held marketplace.held_skills, most integer, wanted integer, qualified_only boolean,
  filter marketplace.job_filter,
  out is_done boolean, out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
set jit = off
as $$
-- Few jobs pass a selective filter, so all of them are scored. The values are written into the text
-- of the statement, so that it is planned for them. Returns nothing when more than `most` pass.
declare
  passing constant text := concat_ws(' and ', 'v.total_weight > 0',
    'v.remote = ' || quote_literal(filter.remote_only),
    'v.location = ' || quote_literal(filter.place),
    'v.currency = ' || quote_literal(filter.pay_currency),
    'v.top_salary >= ' || quote_literal(filter.least_salary));
  passing_count integer;
begin
  execute format(
    'select count(*) from (select from marketplace.job_vectors v where %s limit %s) j',
    passing, most + 1
  )
    into passing_count;
  is_done := passing_count <= most;
  if not is_done then
    return;
  end if;
  execute format($query$
    select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
    from (
      select v.job_id, s.score, v.posted_at
      from marketplace.job_vectors v
      cross join lateral (select marketplace.score_needs(v.needs, v.total_weight, $1) as score) s
      where %s
        and v.skill_bits <> v.skill_bits & ($1).missing_bits
        and s.score > 0
        and (v.expires_at is null or v.expires_at > $3)
        and (
          not $4
          or public.icount(v.codes operator(public.&) ($1).full_required)
            = v.total_weight - cardinality(v.needs)
        )
        and ($5 is null or (s.score, v.posted_at, v.job_id) < ($5, $6, $7))
      order by s.score desc, v.posted_at desc, v.job_id desc
      limit $2
    ) m
  $query$, passing)
    into job_ids, scores, posted
    using held, wanted, filter.at, qualified_only, filter.after_score, filter.after_posted,
      filter.after_job;
end
$$;

comment on function marketplace.match_filtered_jobs is 'match_jobs for a filter that few jobs pass';
--> statement-breakpoint
create or replace function marketplace.match_jobs(
  person uuid, wanted integer, qualified_only boolean, filter marketplace.job_filter
) returns table (job_id uuid, score integer, posted_at timestamptz)
language plpgsql stable rows 20
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
-- A round reads every posting that can belong to a score of t or more: bound >= t from the job's
-- side; from the person's side, with n of their skills at or after this one, at most 2 n of the
-- weight can match, so the job cannot be heavier than 2 n / t. The signature counts what is surely
-- missing. Of those that can have t and not more, only jobs posted since `since` count. What is
-- left is scored once for each job, from the needs that the posting carries; only who reaches t is
-- looked up. When the last wanted match is at or above (t, since), nothing unread can beat or tie
-- it; otherwise both are lowered. The first t is that of the packed jobs, when they alone fill the
-- page, or guessed from a sample, so that one round does nearly always. The planner knows nothing
-- of what the arrays hold and must not try: the plan is nested index scans. Of a function it
-- expects a thousand rows, for which, among 100,000 jobs, matchJobs read all of them: hence `rows`.
#variable_conflict use_column
declare
  -- Its arrays are read as fields: copied into variables they would be unpacked at every call.
  held constant marketplace.held_skills := marketplace.read_held_skills(person);
  is_filtered constant boolean :=
    num_nonnulls(filter.remote_only, filter.place, filter.pay_currency) > 0;
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  missing constant bit(256) := held.missing_bits;
  -- Up to so many jobs that pass a filter, scoring them all is the faster way.
  most integer := coalesce(
    nullif(current_setting('azora_db.score_all_up_to', true), '')::integer, 2000
  );
  filtered record;
  packed record;
  is_packed_done boolean := false;
  is_sampled boolean := false;
  sample record;
  nth integer;
  guessed integer;
  t integer;
  since timestamptz;
  since_minute integer;
  range_skills integer[];
  range_classes smallint[];
  range_weights integer[];
  job_ids uuid[];
  scores integer[];
  posted timestamptz[];
begin
  if held.skill_ids is null then
    return;
  end if;
  -- As job_vectors has it.
  filter.place := public.fold_text(filter.place);

  for attempt in 1..2 loop
    if is_filtered then
      filtered := marketplace.match_filtered_jobs(held, most, wanted, qualified_only, filter);
      if filtered.is_done then
        return query select * from unnest(filtered.job_ids, filtered.scores, filtered.posted);
        return;
      end if;
    end if;
    if qualified_only then
      packed := marketplace.match_qualified_jobs(held, wanted, filter);
      is_packed_done := true;
    elsif not is_packed_done then
      -- When the first thousand candidates do not fill the page, few jobs pass the filter, maybe.
      packed := marketplace.match_packed_jobs(
        person, held, case when is_filtered and attempt = 1 then 2 else 20 end, wanted, filter
      );
      is_packed_done := packed.is_done;
    end if;
    -- Where many jobs are not packed, the best of the packed ones say too little of them.
    exit when attempt = 2 or (cardinality(packed.job_ids) = wanted and (
      select p.reltuples * 10 >= v.reltuples * 9
      from pg_class p, pg_class v
      where p.oid = 'marketplace.packed_jobs'::regclass
        and v.oid = 'marketplace.job_vectors'::regclass
    ));
    sample := marketplace.sample_matches(held, wanted, qualified_only, filter);
    nth := sample.nth;
    is_sampled := true;
    -- Too few matches for a guess: then all that pass the filter are few enough for this.
    exit when is_packed_done
      and (cardinality(packed.job_ids) = wanted or cardinality(sample.scores) >= nth);
    most := 50 * most;
  end loop;

  loop
    guessed := 0;
    if is_sampled then
      guessed := coalesce(sample.scores[nth], 0);
    end if;
    if cardinality(packed.job_ids) = wanted and guessed <= packed.scores[wanted] then
      t := packed.scores[wanted];
      since := packed.posted[wanted];
    -- A guess that was too high costs less than one that is too low, so t falls by a tenth at most
    -- while there are guesses; when there are none left, few jobs match at all, and t falls fast.
    elsif t is null or guessed * 10 >= t * 9 then
      t := guessed;
      since := case when t = 0 then '-infinity' else sample.posted[nth] end;
      nth := nth + 1 + wanted / sample.one_in;
    else
      t := case when guessed > 0 then t * 9 / 10 when t > 200 then t / 2 else 0 end;
      since := '-infinity';
    end if;
    since_minute := case
      when since = '-infinity' then -2147483648
      else marketplace.minute_of(since)
    end;

    select array_agg(h.skill_id), array_agg(c.size_class),
      array_agg(case when t = 0 then 32767 else least(32767, 20000 * h.reach / t) end)
    into range_skills, range_classes, range_weights
    from unnest(held.skill_ids, held.reaches) h (skill_id, reach)
    join unnest(array[0, 1, 2, 3, 4, 5]::smallint[], array[1, 9, 17, 25, 33, 49])
      c (size_class, least_weight)
      on c.least_weight * t <= 20000 * h.reach;

    select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
    into job_ids, scores, posted
    from (
      select v.job_id, s.score, v.posted_at
      from (
        select p.job_id, marketplace.score_needs(p.needs, p.total_weight, held) as score,
          p.least_score
        from (
          select distinct on (p.job_id) p.job_id, p.needs, p.total_weight, l.least_score
          from unnest(range_skills, range_classes, range_weights)
            r (skill_id, size_class, most_weight)
          join marketplace.skill_postings p
            on p.skill_id = r.skill_id
            and p.size_class = r.size_class
            and (p.bound, p.posted_minute) >= (t, since_minute)
            and p.total_weight <= r.most_weight
          cross join lateral (
            select case when p.posted_minute >= since_minute then t else t + 1 end
          ) l (least_score)
          where (p.total_weight - bit_count(p.skill_bits & missing)) * 10000
            >= p.total_weight * l.least_score
            and (not qualified_only or bit_count(p.skill_bits & required_missing) = 0)
        ) p
      ) s
      join marketplace.job_vectors v on v.job_id = s.job_id
      where s.score >= greatest(1, s.least_score)
        and (v.expires_at is null or v.expires_at > filter.at)
        and (
          not is_narrowed
          or (filter.remote_only is null or v.remote = filter.remote_only)
          and (filter.place is null or v.location = filter.place)
          and (filter.pay_currency is null or v.currency = filter.pay_currency)
          and (filter.least_salary is null or v.top_salary >= filter.least_salary)
        )
        and (
          filter.after_score is null
          or (s.score, v.posted_at, v.job_id)
            < (filter.after_score, filter.after_posted, filter.after_job)
        )
        and (
          not qualified_only
          or public.icount(v.codes operator(public.&) held.full_required)
            = v.total_weight - cardinality(v.needs)
        )
      union all
      select * from unnest(packed.job_ids, packed.scores, packed.posted)
      order by score desc, posted_at desc, job_id desc
      limit wanted
    ) m;

    if t = 0
      or (cardinality(job_ids) = wanted and (scores[wanted], posted[wanted]) >= (t, since))
    then
      return query select * from unnest(job_ids, scores, posted);
      return;
    end if;
  end loop;
end
$$;

comment on function marketplace.match_jobs is
  'The open jobs that fit a person best: score, then the newer, then the greater id';
--> statement-breakpoint
create or replace function marketplace.match_qualified_jobs(
  held marketplace.held_skills, wanted integer, filter marketplace.job_filter,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
-- Whoever qualifies for a job holds its rarest required skill, whose posting is marked near_gap;
-- every packed job has one.
declare
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
begin
  select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
  into job_ids, scores, posted
  from (
    select v.job_id, s.score, v.posted_at
    from (
      select distinct p.job_id, p.total_weight, p.needs
      from unnest(held.skill_ids) h (skill_id)
      join marketplace.skill_postings p
        on p.skill_id = h.skill_id
        and p.near_gap
        and bit_count(p.skill_bits & required_missing) = 0
        and public.icount(p.needs operator(public.&) held.full_required)
          = p.total_weight - cardinality(p.needs)
        and (p.expires_at is null or p.expires_at > filter.at)
    ) p
    cross join lateral (select marketplace.score_needs(p.needs, p.total_weight, held) as score) s
    join marketplace.job_vectors v on v.job_id = p.job_id
    where (
      not is_narrowed
      or (filter.remote_only is null or v.remote = filter.remote_only)
      and (filter.place is null or v.location = filter.place)
      and (filter.pay_currency is null or v.currency = filter.pay_currency)
      and (filter.least_salary is null or v.top_salary >= filter.least_salary)
    )
      and (
        filter.after_score is null
        or (s.score, v.posted_at, v.job_id)
          < (filter.after_score, filter.after_posted, filter.after_job)
      )
      and exists (select from marketplace.packed_jobs j where j.job_id = v.job_id)
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;

comment on function marketplace.match_qualified_jobs is
  'match_jobs of the packed jobs for which a person qualifies';
--> statement-breakpoint
create or replace function marketplace.match_slots(
  slots bigint[], held marketplace.held_skills, wanted integer, filter marketplace.job_filter,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
-- Exact, from what job_vectors hold now. The settings are those of match_jobs, from which this is
-- called, like match_packed_jobs: to set them again takes 0.1 ms. What needs the score stands
-- apart, so that the planner puts it last: together with the rest of the filter it cost 7 %.
declare
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
begin
  select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
  into job_ids, scores, posted
  from (
    select v.job_id, s.score, v.posted_at
    from unnest(slots) u (slot)
    join marketplace.packed_jobs p on p.slot = u.slot
    join marketplace.job_vectors v on v.job_id = p.job_id
    cross join lateral (select marketplace.score_needs(v.needs, v.total_weight, held) as score) s
    where s.score > 0
      and (v.expires_at is null or v.expires_at > filter.at)
      and (
        not is_narrowed
        or (filter.remote_only is null or v.remote = filter.remote_only)
        and (filter.place is null or v.location = filter.place)
        and (filter.pay_currency is null or v.currency = filter.pay_currency)
        and (filter.least_salary is null or v.top_salary >= filter.least_salary)
      )
      and (
        filter.after_score is null
        or (s.score, v.posted_at, v.job_id)
          < (filter.after_score, filter.after_posted, filter.after_job)
      )
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;

comment on function marketplace.match_slots is 'The best of the packed jobs at these places';
--> statement-breakpoint
create or replace function marketplace.next_packed_block() returns integer
language sql stable
as $$
  -- From the rows themselves, which a dump and a replica have: a sequence that lags behind them
  -- would add a block to another's numbers. A block that all jobs have left still has its shares.
  select 1 + greatest(
    -1,
    (select (max(slot) / 512)::integer from marketplace.packed_jobs),
    (select max(block_id) from marketplace.packed_shares)
  )
$$;

comment on function marketplace.next_packed_block()
is 'The number after those of all blocks that there are';
--> statement-breakpoint
create or replace function marketplace.pack_block(job_ids uuid[], first_block integer default 0)
returns integer
language plpgsql
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
-- Takes those of the jobs that nobody holds, with a required skill, by which match_qualified_jobs
-- finds them. The block is a new one, from `first_block` on.
declare
  free_ids uuid[];
  block integer;
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  select array_agg(job_id) into free_ids
  from (
    select job_id
    from marketplace.job_vectors
    where job_id = any (job_ids)
      and cardinality(needs) < 100
      and total_weight > cardinality(needs)
    order by job_id
    for update skip locked
  ) free_jobs;

  if cardinality(free_ids) > 512 then
    raise exception 'a block has room for 512 jobs, not for %', cardinality(free_ids)
      using errcode = 'program_limit_exceeded';
  end if;
  if free_ids is null then
    return 0;
  end if;

  -- What follows the locks are statements of their own, which see what is locked.
  perform marketplace.delete_postings(free_ids);
  delete from marketplace.packed_jobs where job_id = any (free_ids);
  block := greatest(first_block, marketplace.next_packed_block());
  insert into marketplace.packed_jobs (slot, job_id)
  select block::bigint * 512 + row_number() over (order by v.total_weight, v.job_id) - 1, v.job_id
  from marketplace.job_vectors v
  where v.job_id = any (free_ids);
  insert into marketplace.packed_shares
  select * from marketplace.compute_packed_shares(block);
  insert into marketplace.packed_bounds as b (skill_id, level, group_id, bounds)
  select n.skill_id, l.level, block / 256,
    (
      max(marketplace.packed_share(l.level, n.code, n.total_weight))
      || repeat('00000000', 255 - block % 256)
    )::numeric
  from marketplace.read_block(block) n
  cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
  group by n.skill_id, l.level
  on conflict (skill_id, level, group_id) do update
  set bounds = b.bounds + excluded.bounds;
  insert into marketplace.skill_postings
  select * from marketplace.compute_postings(free_ids);
  return cardinality(free_ids);
end
$$;

comment on function marketplace.pack_block(uuid[], integer)
is 'Packs these jobs in a new block, and says how many';
--> statement-breakpoint
create or replace function marketplace.sample_matches(
  held marketplace.held_skills, wanted integer, qualified_only boolean,
  filter marketplace.job_filter,
  out one_in integer, out nth integer, out scores integer[], out posted timestamptz[]
)
language plpgsql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
-- How good the best matches are, from one job in 16: the score of the n-th best match of a sample
-- of one in m is about that of the n * m-th best of all, and `nth` is the one to begin with. One in
-- 256 tells what is too little to be read of one in 16, and where even it has full matches, it is
-- enough. What seems best by the signature is scored; more of it when a filter or a cursor leaves
-- most jobs out.
declare
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  last_share integer := 0;
  least_score integer := 5000;
begin
  loop
    one_in := 256 >> 4 * last_share;
    nth := 1 + 2 * wanted / one_in;
    select array_agg(m.score), array_agg(m.posted_at)
    into scores, posted
    from (
      select s.score, v.posted_at
      from (
        select p.job_id, marketplace.score_needs(p.needs, p.total_weight, held) as score
        from (
          select distinct p.job_id, p.total_weight, p.needs
          from (
            select p.job_id, p.total_weight, p.needs
            from (
              select h.skill_id, n.share
              from unnest(held.skill_ids) h (skill_id)
              cross join generate_series(0, last_share) n (share)
              offset 0
            ) r
            join marketplace.skill_postings p
              on p.skill_id = r.skill_id
              and marketplace.sample_share(p.job_id) = r.share
              and marketplace.sample_share(p.job_id) < 2
              and p.bound >= least_score
              and (p.total_weight - bit_count(p.skill_bits & held.missing_bits)) * 10000
                >= p.total_weight * least_score
              and (not qualified_only or bit_count(p.skill_bits & required_missing) = 0)
            order by bit_count(p.skill_bits & held.missing_bits) * 10000 / p.total_weight
            limit case when is_narrowed or qualified_only then 50 else 5 end * (wanted + 3)
          ) p
        ) p
      ) s
      join marketplace.job_vectors v on v.job_id = s.job_id
      where s.score > 0
        and (v.expires_at is null or v.expires_at > filter.at)
        and (
          not is_narrowed
          or (filter.remote_only is null or v.remote = filter.remote_only)
          and (filter.place is null or v.location = filter.place)
          and (filter.pay_currency is null or v.currency = filter.pay_currency)
          and (filter.least_salary is null or v.top_salary >= filter.least_salary)
        )
        and (
          filter.after_score is null
          or (s.score, v.posted_at, v.job_id)
            < (filter.after_score, filter.after_posted, filter.after_job)
        )
        and (
          not qualified_only
          or public.icount(v.codes operator(public.&) held.full_required)
            = v.total_weight - cardinality(v.needs)
        )
      order by s.score desc, v.posted_at desc
      limit 2 * wanted
    ) m;
    exit when last_share = 1 or scores[nth] = 10000;
    if scores[1 + nth] is null and least_score > 0 then
      least_score := 0;
    else
      last_share := 1;
      least_score := coalesce(scores[1 + nth], 0);
    end if;
  end loop;
end
$$;

comment on function marketplace.sample_matches is
  'The best matches among a share of the jobs, to guess the least score of a page from';
--> statement-breakpoint
create or replace function platform.advance_identity() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
-- A sequence can be behind the ids that are there: logical replication copies none, and ids can be
-- given. It is put ahead of them before the statement draws from it. Under a lock, because a second
-- session that has looked already would put it back. No sequence gets as far as 100 million: ids
-- from there on were given, and are left alone.
declare
  source regclass := pg_get_serial_sequence(
    format('%I.%I', tg_table_schema, tg_table_name), 'id'
  );
  greatest_id bigint;
begin
  for attempt in 1..2 loop
    execute format(
      'select max(id) from %I.%I where id < 100000000', tg_table_schema, tg_table_name
    ) into greatest_id;
    exit when greatest_id is null or greatest_id < (
      select coalesce(pg_sequence_last_value(source) + seqincrement, seqstart)
      from pg_sequence
      where seqrelid = source
    );
    if attempt = 1 then
      perform pg_advisory_xact_lock(hashtextextended('azora ' || source::text, 0));
    else
      perform setval(source, greatest_id);
    end if;
  end loop;
  return null;
end
$$;

comment on function platform.advance_identity()
is 'Puts the sequence of a table''s id ahead of its ids';
--> statement-breakpoint
create or replace function platform.forbid_change() returns trigger
language plpgsql
as $$
-- 23001 is restrict_violation. The table and a name for the rule go with the error, as they would
-- with a constraint, so that callers decide by them and never by the message.
begin
  raise exception '%.% is append-only: % is not allowed',
    tg_table_schema, tg_table_name, lower(tg_op collate "C")
    using errcode = 'restrict_violation', schema = tg_table_schema, table = tg_table_name,
      constraint = tg_table_name || '_append_only';
end
$$;

comment on function platform.forbid_change()
is 'Refuses every change of an append-only table, for its owner too';
--> statement-breakpoint
create or replace function platform.lagging_sequences(
  out sequence_name text, out table_name text, out column_name text,
  out greatest_value bigint, out next_value bigint
)
returns setof record
language plpgsql stable
as $$
-- Those of serial and identity columns, in our schemas and that of the migrations' books.
begin
  for sequence_name, table_name, column_name, next_value in
    select
      pg_sequence.seqrelid::regclass, owner.refobjid::regclass, quote_ident(attname),
      coalesce(pg_sequence_last_value(pg_sequence.seqrelid) + seqincrement, seqstart)
    from pg_sequence
    join pg_depend as owner
      on owner.classid = 'pg_class'::regclass
      and owner.objid = seqrelid
      and owner.refclassid = 'pg_class'::regclass
      and owner.deptype in ('a', 'i')
    join pg_attribute on attrelid = owner.refobjid and attnum = owner.refobjsubid
    join pg_class on pg_class.oid = seqrelid
    where relnamespace::regnamespace::text in (
      'identity', 'education', 'finance', 'marketplace', 'ai', 'platform', 'drizzle'
    )
    order by 1
  loop
    -- As platform.advance_identity has it.
    execute format(
      'select max(%s) from %s where %1$s < 100000000', column_name, table_name
    ) into greatest_value;
    if greatest_value >= next_value then
      return next;
    end if;
  end loop;
end
$$;

comment on function platform.lagging_sequences() is
  'Sequences whose next value is in their column already, as after logical replication, which '
  'copies none';
--> statement-breakpoint
create or replace function platform.new_id() returns uuid
language sql volatile parallel safe
set search_path = pg_catalog, public
as $$
  -- Before PostgreSQL 18 uuidv7() is in public, where a session need not look.
  select uuidv7()
$$;

comment on function platform.new_id()
is 'A time-ordered UUID, whatever the search_path of the session is';
--> statement-breakpoint
create or replace trigger application_steps_taken
before insert on marketplace.application_steps
for each row execute function marketplace.check_step_taken();
--> statement-breakpoint
-- What was handed in is graded as it was, by the terms that it was handed in under.
create or replace trigger assessments_final
before update on education.assessments
for each row when (
  old.status = 'GRADED'
  or new.status < old.status
  or (old.user_id, old.id) is distinct from (new.user_id, new.id)
  or (
    old.status = 'SUBMITTED'
    and (
      (old.course_id, old.type, old.title, old.questions, old.answers)
        is distinct from (new.course_id, new.type, new.title, new.questions, new.answers)
      or (old.max_score, old.pass_percent, old.created_at, old.started_at, old.submitted_at)
        is distinct from
        (new.max_score, new.pass_percent, new.created_at, new.started_at, new.submitted_at)
    )
  )
)
execute function platform.forbid_change();
--> statement-breakpoint
-- Before it is published: triggers fire in the order of their names.
create or replace trigger course_completions_earned
after insert on education.course_completions
referencing new table as new_completions
for each statement execute function education.check_completions();
--> statement-breakpoint
create or replace trigger enrollments_completed_stay
before delete on education.enrollments
for each row execute function education.keep_completed_enrollments();
--> statement-breakpoint
create or replace trigger holds_resolved_once
before update on finance.holds
for each row when (
  old.status <> 'PENDING'
  or (old.user_id, old.id, old.currency, old.amount, old.created_at, old.expires_at)
    is distinct from (new.user_id, new.id, new.currency, new.amount, new.created_at, new.expires_at)
)
execute function platform.forbid_change();
--> statement-breakpoint
-- The score is that of the moment of applying, so it is as final as who applied where and when.
-- What was handed in stays too; it can only be erased.
create or replace trigger job_applications_key_final
before update on marketplace.job_applications
for each row when (
  (old.user_id, old.job_id, old.applied_at, old.match_score)
    is distinct from (new.user_id, new.job_id, new.applied_at, new.match_score)
  or (new.cover_letter is not null and new.cover_letter is distinct from old.cover_letter)
  or (new.resume is not null and new.resume is distinct from old.resume)
)
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger job_applications_stay
before delete on marketplace.job_applications
for each row execute function marketplace.keep_applications();
--> statement-breakpoint
create or replace trigger mining_activities_decided_stay
before delete on finance.mining_activities
for each row when (old.status <> 'PENDING')
execute function platform.forbid_change();
--> statement-breakpoint
-- What was submitted stays as it was, and when it was verified. A proof goes from PENDING over
-- VERIFIED to REWARDED, or to REJECTED, and then stays as it is.
create or replace trigger mining_activities_final
before update on finance.mining_activities
for each row when (
  (old.user_id, old.id, old.type, old.tokens_earned, old.metadata)
    is distinct from (new.user_id, new.id, new.type, new.tokens_earned, new.metadata)
  or old.idempotency_key <> new.idempotency_key
  or old.status in ('REWARDED', 'REJECTED')
  or (old.status = 'VERIFIED' and new.status = 'PENDING')
  or (
    old.status = 'VERIFIED'
    and (old.verified_at, old.created_at) is distinct from (new.verified_at, new.created_at)
  )
  or (old.status = 'PENDING' and new.status = 'REWARDED')
)
execute function platform.forbid_change();
--> statement-breakpoint
create or replace trigger occupations_advance_identity
before insert on marketplace.occupations
for each statement execute function platform.advance_identity();
--> statement-breakpoint
create or replace trigger sealed_ranges_compute
before insert on finance.sealed_ranges
for each row execute function finance.compute_sealed_range();
--> statement-breakpoint
create or replace trigger seals_compute
before insert on finance.seals
for each row execute function finance.compute_seal();
--> statement-breakpoint
create or replace trigger skills_advance_identity
before insert on marketplace.skills
for each statement execute function platform.advance_identity();
--> statement-breakpoint
-- For each, because a condition would be compiled for each statement, which costs more than to ask
-- in the function.
create constraint trigger transactions_completed_whole
after insert or update of status, recorded_at on finance.transactions
deferrable initially deferred
for each row execute function finance.check_completed_transaction();
--> statement-breakpoint
-- A request is never another one, and its outcome is never another one.
create or replace trigger transactions_final
before update on finance.transactions
for each row when (
  old.status in ('COMPLETED', 'FAILED', 'CANCELLED')
  or (old.user_id, old.id, old.type, old.currency, old.amount)
    is distinct from (new.user_id, new.id, new.type, new.currency, new.amount)
  or (old.idempotency_key, old.request_hash, old.reverses_id)
    is distinct from (new.idempotency_key, new.request_hash, new.reverses_id)
  or (old.rate_numerator, old.rate_denominator)
    is distinct from (new.rate_numerator, new.rate_denominator)
)
execute function platform.forbid_change();
--> statement-breakpoint
-- After the check, which knows the form of the names that JavaScript reads alike.
create or replace trigger user_profiles_check_time_zone
after insert or update of time_zone on identity.user_profiles
for each row when (new.time_zone <> 'UTC')
execute function identity.check_time_zone();
--> statement-breakpoint
comment on table marketplace.rank_refreshes
is 'How often the ranks of skills were announced anew; one row';
--> statement-breakpoint
-- A name that the new check refuses would keep a dump from being restored. What its zone was meant
-- to be is not known.
update identity.user_profiles set time_zone = 'UTC' where not public.is_time_zone(time_zone);
--> statement-breakpoint
-- MINT and EXTERNAL share the supply from here on.
alter table finance.wallets disable trigger wallets_moved_by_ledger;
--> statement-breakpoint
update finance.wallets
set credit_limit = case wallets.kind
  when 'EXTERNAL' then greatest(supply_limit, -wallets.posted)
  else greatest(supply_limit - greatest(-external.posted, 0), wallets.held - wallets.posted, 0)
end
from finance.currencies
join finance.wallets as external
  on external.kind = 'EXTERNAL' and external.currency = currencies.code
where wallets.currency = currencies.code
  and wallets.kind in ('MINT', 'EXTERNAL')
  and supply_limit is not null;
--> statement-breakpoint
alter table finance.wallets enable trigger wallets_moved_by_ledger;
--> statement-breakpoint
update marketplace.job_vectors as vectors
set location = public.fold_text(jobs.location)
from marketplace.jobs
where jobs.id = vectors.job_id
  and vectors.location is distinct from public.fold_text(jobs.location);
--> statement-breakpoint
-- The owners of system wallets get ids that are UUIDs by RFC 9562, of version 8: strict readers, such
-- as zod's uuid(), refused the old ones. The addresses of those wallets, which hold the id, change
-- with them; those of users stay.
--
-- Rewrites every entry of a system wallet, about half of all, under locks that let nobody read or
-- write the ledger. Stop the services of the release before, which do not know
-- the new ids. The seals hash owner ids and are made anew: run verifySeals before, sealEntries
-- after, and keep the new head.
alter table finance.sealed_ranges disable trigger user;
--> statement-breakpoint
alter table finance.seals disable trigger user;
--> statement-breakpoint
alter table finance.wallets disable trigger user;
--> statement-breakpoint
alter table finance.transactions disable trigger user;
--> statement-breakpoint
alter table finance.entries disable trigger user;
--> statement-breakpoint
alter table finance.holds disable trigger user;
--> statement-breakpoint
alter table finance.occurrence_sums disable trigger user;
--> statement-breakpoint
truncate finance.sealed_ranges, finance.seals;
--> statement-breakpoint
-- One statement, because the foreign keys between these tables are checked when it is over.
with renamed (old_id, new_id) as (
  values
    ('00000000-0000-0000-0000-000000000001'::uuid, '00000000-0000-8000-8000-000000000001'::uuid),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-8000-8000-000000000002'),
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-8000-8000-000000000003'),
    ('00000000-0000-0000-0000-000000000004', '00000000-0000-8000-8000-000000000004')
), renamed_wallets as (
  update finance.wallets set user_id = new_id from renamed where user_id = old_id
), renamed_sums as (
  update finance.occurrence_sums set user_id = new_id from renamed where user_id = old_id
), renamed_holds as (
  update finance.holds set user_id = new_id from renamed where user_id = old_id
), renamed_transactions as (
  update finance.transactions
  set user_id = coalesce(initiator.new_id, transactions.user_id),
    -- What a failed request answers, also when it is repeated.
    failure_facts = case
      when refusing.new_id is null then transactions.failure_facts
      else transactions.failure_facts || jsonb_build_object('userId', refusing.new_id)
    end
  from finance.transactions as found
  left join renamed as initiator on initiator.old_id = found.user_id
  left join renamed as refusing on refusing.old_id::text = found.failure_facts ->> 'userId'
  where transactions.user_id = found.user_id
    and transactions.id = found.id
    and num_nonnulls(initiator.new_id, refusing.new_id) > 0
)
update finance.entries
set user_id = coalesce(owner.new_id, entries.user_id),
  transaction_user_id = coalesce(initiator.new_id, entries.transaction_user_id)
from finance.entries as found
left join renamed as owner on owner.old_id = found.user_id
left join renamed as initiator on initiator.old_id = found.transaction_user_id
where entries.user_id = found.user_id
  and entries.currency = found.currency
  and entries.version = found.version
  and num_nonnulls(owner.new_id, initiator.new_id) > 0;
--> statement-breakpoint
alter table finance.occurrence_sums enable trigger user;
--> statement-breakpoint
alter table finance.holds enable trigger user;
--> statement-breakpoint
alter table finance.entries enable trigger user;
--> statement-breakpoint
alter table finance.transactions enable trigger user;
--> statement-breakpoint
alter table finance.wallets enable trigger user;
--> statement-breakpoint
alter table finance.seals enable trigger user;
--> statement-breakpoint
alter table finance.sealed_ranges enable trigger user;
