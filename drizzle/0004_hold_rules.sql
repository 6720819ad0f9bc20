-- FILL IN: why; what it locks, and for how long; what an operator may do first.
--> statement-breakpoint
set local check_function_bodies = off;
--> statement-breakpoint
CREATE TABLE "marketplace"."rank_refreshes" (
	"id" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"number" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "rank_refreshes_number_not_negative_check" CHECK (number >= 0)
);
--> statement-breakpoint
ALTER TABLE "finance"."transactions" DROP CONSTRAINT "transactions_times_finite_check";--> statement-breakpoint
DROP INDEX "finance"."sealed_ranges_seal_number_idx";--> statement-breakpoint
ALTER TABLE "finance"."sealed_ranges" ADD COLUMN "place" integer NOT NULL;--> statement-breakpoint
CREATE INDEX "packed_shares_block_id_idx" ON "marketplace"."packed_shares" USING btree ("block_id");--> statement-breakpoint
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
comment on table marketplace.rank_refreshes
is 'How often the ranks of skills were announced anew; one row';
