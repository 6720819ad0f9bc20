-- Every table of the platform, as src/schema has it. Made on an empty database, where no lock matters.
--> statement-breakpoint
CREATE SCHEMA "ai";
--> statement-breakpoint
CREATE SCHEMA "education";
--> statement-breakpoint
CREATE SCHEMA "finance";
--> statement-breakpoint
CREATE SCHEMA "identity";
--> statement-breakpoint
CREATE SCHEMA "marketplace";
--> statement-breakpoint
CREATE SCHEMA "platform";
--> statement-breakpoint
CREATE TYPE "ai"."chat_role" AS ENUM('USER', 'ASSISTANT', 'SYSTEM');--> statement-breakpoint
CREATE TYPE "education"."assessment_status" AS ENUM('NOT_STARTED', 'IN_PROGRESS', 'SUBMITTED', 'GRADED');--> statement-breakpoint
CREATE TYPE "education"."assessment_type" AS ENUM('QUIZ', 'EXAM', 'ASSIGNMENT', 'PROJECT', 'SKILL_TEST');--> statement-breakpoint
CREATE TYPE "education"."revision_policy" AS ENUM('PIN', 'KEEP', 'STRICT');--> statement-breakpoint
CREATE TYPE "education"."course_level" AS ENUM('BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT');--> statement-breakpoint
CREATE TYPE "education"."course_status" AS ENUM('DRAFT', 'PUBLISHED', 'ARCHIVED');--> statement-breakpoint
CREATE TYPE "education"."enrollment_status" AS ENUM('ACTIVE', 'COMPLETED', 'DROPPED');--> statement-breakpoint
CREATE TYPE "education"."progress_event_kind" AS ENUM('started', 'progressed', 'completed');--> statement-breakpoint
CREATE TYPE "finance"."hold_status" AS ENUM('PENDING', 'CAPTURED', 'RELEASED', 'EXPIRED');--> statement-breakpoint
CREATE TYPE "finance"."mining_status" AS ENUM('PENDING', 'VERIFIED', 'REWARDED', 'REJECTED');--> statement-breakpoint
CREATE TYPE "finance"."mining_type" AS ENUM('COURSE_COMPLETION', 'ASSESSMENT_PASS', 'PEER_TEACHING', 'CONTENT_CREATION', 'COMMUNITY_CONTRIBUTION');--> statement-breakpoint
CREATE TYPE "finance"."payment_status" AS ENUM('PENDING', 'COMPLETED', 'FAILED', 'REFUNDED');--> statement-breakpoint
CREATE TYPE "finance"."payment_type" AS ENUM('ENROLLMENT', 'SUBSCRIPTION', 'DONATION', 'REFUND');--> statement-breakpoint
CREATE TYPE "finance"."failure_code" AS ENUM('UNKNOWN_CURRENCY', 'WALLET_NOT_FOUND', 'WALLET_CLOSED', 'INSUFFICIENT_FUNDS', 'BALANCE_LIMIT', 'HOLD_RESOLVED', 'HOLD_EXPIRED', 'HOLD_EXCEEDED', 'NOT_REVERSIBLE', 'ALREADY_REVERSED', 'REVERSAL_EXCEEDED', 'BATCH_REJECTED');--> statement-breakpoint
CREATE TYPE "finance"."transaction_status" AS ENUM('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');--> statement-breakpoint
CREATE TYPE "finance"."transaction_type" AS ENUM('DEPOSIT', 'WITHDRAWAL', 'TRANSFER', 'MINING_REWARD', 'PAYMENT', 'REFUND', 'EXCHANGE', 'HOLD', 'CAPTURE', 'RELEASE', 'REVERSAL');--> statement-breakpoint
CREATE TYPE "finance"."wallet_kind" AS ENUM('USER', 'MINT', 'EXTERNAL', 'LIQUIDITY', 'FEES');--> statement-breakpoint
CREATE TYPE "finance"."wallet_status" AS ENUM('OPEN', 'CLOSED');--> statement-breakpoint
CREATE TYPE "identity"."token_type" AS ENUM('ACCESS', 'REFRESH', 'RESET_PASSWORD');--> statement-breakpoint
CREATE TYPE "identity"."user_role" AS ENUM('STUDENT', 'EDUCATOR', 'ADMIN');--> statement-breakpoint
CREATE TYPE "marketplace"."application_status" AS ENUM('PENDING', 'REVIEWING', 'SHORTLISTED', 'INTERVIEWED', 'OFFERED', 'ACCEPTED', 'REJECTED');--> statement-breakpoint
CREATE TYPE "marketplace"."job_status" AS ENUM('ACTIVE', 'FILLED', 'CLOSED', 'EXPIRED');--> statement-breakpoint
CREATE TYPE "marketplace"."skill_level" AS ENUM('BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT');--> statement-breakpoint
CREATE TYPE "platform"."event_status" AS ENUM('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED');--> statement-breakpoint
CREATE TYPE "platform"."notification_type" AS ENUM('COURSE_UPDATE', 'PAYMENT_SUCCESS', 'MINING_REWARD', 'JOB_MATCH', 'APPLICATION_UPDATE', 'SYSTEM_ALERT');--> statement-breakpoint
CREATE TYPE "platform"."incident_severity" AS ENUM('LOW', 'MEDIUM', 'HIGH');--> statement-breakpoint
CREATE TYPE "platform"."incident_status" AS ENUM('REPORTED', 'INVESTIGATING', 'RESOLVED', 'CLOSED');--> statement-breakpoint
CREATE TYPE "platform"."incident_type" AS ENUM('CRIME', 'ACCIDENT', 'EMERGENCY', 'OTHER');--> statement-breakpoint
CREATE SEQUENCE "marketplace"."packed_blocks" INCREMENT BY 1 MINVALUE 0 MAXVALUE 2147483647 START WITH 0 CACHE 1;--> statement-breakpoint
CREATE SEQUENCE "marketplace"."skill_rank_refreshes" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "ai"."chat_messages" (
	"user_id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"role" "ai"."chat_role" NOT NULL,
	"content" text NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "chat_messages_pkey" PRIMARY KEY("user_id","session_id","position"),
	CONSTRAINT "chat_messages_position_positive_check" CHECK (position > 0),
	CONSTRAINT "chat_messages_content_not_empty_check" CHECK (content <> ''),
	CONSTRAINT "chat_messages_metadata_object_check" CHECK (jsonb_typeof(metadata) = 'object')
);
--> statement-breakpoint
CREATE TABLE "ai"."chat_sessions" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"personality_id" uuid NOT NULL,
	"title" text NOT NULL,
	"context" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_message_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "chat_sessions_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "chat_sessions_last_message_after_created_check" CHECK (last_message_at >= created_at),
	CONSTRAINT "chat_sessions_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "chat_sessions_context_object_check" CHECK (jsonb_typeof(context) = 'object')
);
--> statement-breakpoint
CREATE TABLE "ai"."ai_personalities" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"personality" text NOT NULL,
	"mood" text NOT NULL,
	"traits" text[] DEFAULT '{}'::text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ai_personalities_name_length_check" CHECK (char_length(name) between 1 and 100),
	CONSTRAINT "ai_personalities_role_length_check" CHECK (char_length(role) between 1 and 100),
	CONSTRAINT "ai_personalities_traits_known_check" CHECK (array_position(traits, null) is null)
);
--> statement-breakpoint
CREATE TABLE "ai"."ai_personality_relationships" (
	"personality_id" uuid NOT NULL,
	"related_id" uuid NOT NULL,
	"kind" text NOT NULL,
	CONSTRAINT "ai_personality_relationships_pkey" PRIMARY KEY("personality_id","related_id"),
	CONSTRAINT "ai_personality_relationships_not_self_check" CHECK (personality_id <> related_id),
	CONSTRAINT "ai_personality_relationships_kind_form_check" CHECK (kind ~ '^[A-Z][A-Z_]{1,30}$')
);
--> statement-breakpoint
CREATE TABLE "education"."assessments" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"course_id" uuid,
	"type" "education"."assessment_type" NOT NULL,
	"title" text NOT NULL,
	"questions" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"answers" jsonb,
	"score" integer,
	"max_score" integer NOT NULL,
	"pass_percent" smallint DEFAULT 50 NOT NULL,
	"status" "education"."assessment_status" DEFAULT 'NOT_STARTED' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"submitted_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	CONSTRAINT "assessments_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "assessments_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "assessments_questions_array_check" CHECK (jsonb_typeof(questions) = 'array'),
	CONSTRAINT "assessments_answers_array_check" CHECK (jsonb_typeof(answers) = 'array'),
	CONSTRAINT "assessments_max_score_positive_check" CHECK (max_score > 0),
	CONSTRAINT "assessments_pass_percent_range_check" CHECK (pass_percent between 1 and 100),
	CONSTRAINT "assessments_score_within_max_check" CHECK (score between 0 and max_score),
	CONSTRAINT "assessments_graded_has_score_check" CHECK ((status = 'GRADED') = (score is not null)),
	CONSTRAINT "assessments_graded_has_time_check" CHECK ((status = 'GRADED') = (completed_at is not null)),
	CONSTRAINT "assessments_started_has_time_check" CHECK ((status = 'NOT_STARTED') = (started_at is null)),
	CONSTRAINT "assessments_submitted_has_time_check" CHECK ((status in ('SUBMITTED', 'GRADED')) = (submitted_at is not null)),
	CONSTRAINT "assessments_submitted_has_answers_check" CHECK (submitted_at is null or answers is not null),
	CONSTRAINT "assessments_submitted_after_started_check" CHECK (submitted_at >= started_at),
	CONSTRAINT "assessments_completed_after_submitted_check" CHECK (completed_at >= submitted_at)
);
--> statement-breakpoint
CREATE TABLE "education"."course_completions" (
	"user_id" uuid NOT NULL,
	"course_id" uuid NOT NULL,
	"revision" integer NOT NULL,
	"event_id" uuid DEFAULT uuidv7() NOT NULL,
	"published_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "course_completions_pkey" PRIMARY KEY("user_id","course_id","revision"),
	CONSTRAINT "course_completions_user_id_event_id_key" UNIQUE("user_id","event_id"),
	CONSTRAINT "course_completions_revision_positive_check" CHECK (revision > 0)
);
--> statement-breakpoint
CREATE TABLE "education"."course_modules" (
	"course_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"position" integer,
	"title" text NOT NULL,
	"content" text NOT NULL,
	"weight" integer DEFAULT 1 NOT NULL,
	"is_optional" boolean DEFAULT false NOT NULL,
	"prerequisites_needed" smallint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone,
	CONSTRAINT "course_modules_pkey" PRIMARY KEY("course_id","id"),
	CONSTRAINT "course_modules_position_not_negative_check" CHECK (position >= 0),
	CONSTRAINT "course_modules_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "course_modules_weight_range_check" CHECK (weight between 1 and 10000),
	CONSTRAINT "course_modules_prerequisites_needed_check" CHECK (prerequisites_needed > 0),
	CONSTRAINT "course_modules_removed_has_no_position_check" CHECK ((removed_at is null) = (position is not null))
);
--> statement-breakpoint
CREATE TABLE "education"."course_revisions" (
	"course_id" uuid NOT NULL,
	"revision" integer NOT NULL,
	"policy" "education"."revision_policy" NOT NULL,
	"total_weight" integer NOT NULL,
	"module_count" integer NOT NULL,
	"prerequisite_count" integer NOT NULL,
	"published_at" timestamp with time zone NOT NULL,
	CONSTRAINT "course_revisions_pkey" PRIMARY KEY("course_id","revision"),
	CONSTRAINT "course_revisions_revision_positive_check" CHECK (revision > 0),
	CONSTRAINT "course_revisions_total_weight_positive_check" CHECK (total_weight > 0),
	CONSTRAINT "course_revisions_module_count_positive_check" CHECK (module_count > 0),
	CONSTRAINT "course_revisions_prerequisite_count_check" CHECK (prerequisite_count >= 0)
);
--> statement-breakpoint
CREATE TABLE "education"."course_statistics" (
	"course_id" uuid NOT NULL,
	"shard_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"active" bigint DEFAULT 0 NOT NULL,
	"completed" bigint DEFAULT 0 NOT NULL,
	"dropped" bigint DEFAULT 0 NOT NULL,
	"basis_points" bigint DEFAULT 0 NOT NULL,
	"decile_0" bigint DEFAULT 0 NOT NULL,
	"decile_1" bigint DEFAULT 0 NOT NULL,
	"decile_2" bigint DEFAULT 0 NOT NULL,
	"decile_3" bigint DEFAULT 0 NOT NULL,
	"decile_4" bigint DEFAULT 0 NOT NULL,
	"decile_5" bigint DEFAULT 0 NOT NULL,
	"decile_6" bigint DEFAULT 0 NOT NULL,
	"decile_7" bigint DEFAULT 0 NOT NULL,
	"decile_8" bigint DEFAULT 0 NOT NULL,
	"decile_9" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "course_statistics_pkey" PRIMARY KEY("course_id","shard_id")
);
--> statement-breakpoint
CREATE TABLE "education"."courses" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"instructor_id" uuid NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"level" "education"."course_level" DEFAULT 'BEGINNER' NOT NULL,
	"duration_minutes" integer,
	"price" bigint DEFAULT 0 NOT NULL,
	"currency" text DEFAULT 'ZAR' NOT NULL,
	"status" "education"."course_status" DEFAULT 'DRAFT' NOT NULL,
	"revision" integer,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"published_at" timestamp with time zone,
	"archived_at" timestamp with time zone,
	CONSTRAINT "courses_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "courses_duration_positive_check" CHECK (duration_minutes > 0),
	CONSTRAINT "courses_price_not_negative_check" CHECK (price >= 0),
	CONSTRAINT "courses_published_has_time_check" CHECK (status = 'DRAFT' or published_at is not null),
	CONSTRAINT "courses_published_has_revision_check" CHECK (status = 'DRAFT' or revision is not null),
	CONSTRAINT "courses_archived_has_time_check" CHECK ((status = 'ARCHIVED') = (archived_at is not null)),
	CONSTRAINT "courses_archived_after_published_check" CHECK (archived_at >= published_at)
);
--> statement-breakpoint
CREATE TABLE "education"."enrollments" (
	"user_id" uuid NOT NULL,
	"course_id" uuid NOT NULL,
	"revision" integer NOT NULL,
	"status" "education"."enrollment_status" DEFAULT 'ACTIVE' NOT NULL,
	"done_weight" integer DEFAULT 0 NOT NULL,
	"total_weight" integer NOT NULL,
	"enrolled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_activity_at" timestamp with time zone DEFAULT now() NOT NULL,
	"activity_slot" timestamp with time zone GENERATED ALWAYS AS (date_bin('15 minutes', last_activity_at, to_timestamp(946684800))) STORED NOT NULL,
	"completed_at" timestamp with time zone,
	"completed_revision" integer,
	"dropped_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "enrollments_pkey" PRIMARY KEY("user_id","course_id"),
	CONSTRAINT "enrollments_total_weight_positive_check" CHECK (total_weight > 0),
	CONSTRAINT "enrollments_done_weight_range_check" CHECK (done_weight between 0 and total_weight),
	CONSTRAINT "enrollments_completed_has_time_check" CHECK ((status = 'COMPLETED') = (completed_at is not null)),
	CONSTRAINT "enrollments_completed_has_revision_check" CHECK ((status = 'COMPLETED') = (completed_revision is not null)),
	CONSTRAINT "enrollments_completed_has_whole_weight_check" CHECK (completed_revision < revision or status <> 'COMPLETED' or done_weight = total_weight),
	CONSTRAINT "enrollments_active_has_weight_left_check" CHECK (status <> 'ACTIVE' or done_weight < total_weight),
	CONSTRAINT "enrollments_completed_revision_check" CHECK (completed_revision <= revision),
	CONSTRAINT "enrollments_dropped_has_time_check" CHECK ((status = 'DROPPED') = (dropped_at is not null)),
	CONSTRAINT "enrollments_completed_after_enrolled_check" CHECK (completed_at >= enrolled_at),
	CONSTRAINT "enrollments_dropped_after_enrolled_check" CHECK (dropped_at >= enrolled_at),
	CONSTRAINT "enrollments_activity_after_enrolled_check" CHECK (last_activity_at >= enrolled_at)
);
--> statement-breakpoint
CREATE TABLE "education"."learner_days" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"days" datemultirange NOT NULL
);
--> statement-breakpoint
CREATE TABLE "education"."learning_path_courses" (
	"learning_path_id" uuid NOT NULL,
	"course_id" uuid NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "learning_path_courses_pkey" PRIMARY KEY("learning_path_id","course_id"),
	CONSTRAINT "learning_path_courses_position_not_negative_check" CHECK (position >= 0)
);
--> statement-breakpoint
CREATE TABLE "education"."learning_path_skills" (
	"learning_path_id" uuid NOT NULL,
	"skill_id" integer NOT NULL,
	CONSTRAINT "learning_path_skills_pkey" PRIMARY KEY("learning_path_id","skill_id")
);
--> statement-breakpoint
CREATE TABLE "education"."learning_paths" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"difficulty" "education"."course_level" NOT NULL,
	"duration_hours" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "learning_paths_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "learning_paths_duration_positive_check" CHECK (duration_hours > 0)
);
--> statement-breakpoint
CREATE TABLE "education"."module_prerequisites" (
	"course_id" uuid NOT NULL,
	"module_id" uuid NOT NULL,
	"prerequisite_id" uuid NOT NULL,
	CONSTRAINT "module_prerequisites_pkey" PRIMARY KEY("course_id","module_id","prerequisite_id"),
	CONSTRAINT "module_prerequisites_not_itself_check" CHECK (module_id <> prerequisite_id)
);
--> statement-breakpoint
CREATE TABLE "education"."module_progress" (
	"user_id" uuid NOT NULL,
	"course_id" uuid NOT NULL,
	"module_id" uuid NOT NULL,
	"percent" smallint DEFAULT 0 NOT NULL,
	"position" text,
	"position_at" timestamp with time zone,
	"position_event_id" uuid,
	"started_at" timestamp with time zone NOT NULL,
	"last_activity_at" timestamp with time zone NOT NULL,
	"completed_at" timestamp with time zone,
	CONSTRAINT "module_progress_pkey" PRIMARY KEY("user_id","course_id","module_id"),
	CONSTRAINT "module_progress_percent_range_check" CHECK (percent between 0 and 100),
	CONSTRAINT "module_progress_completed_is_whole_check" CHECK (completed_at is null or percent = 100),
	CONSTRAINT "module_progress_completed_after_started_check" CHECK (completed_at >= started_at),
	CONSTRAINT "module_progress_activity_after_started_check" CHECK (last_activity_at >= started_at),
	CONSTRAINT "module_progress_position_has_time_check" CHECK ((position is null) = (position_at is null)),
	CONSTRAINT "module_progress_position_has_event_check" CHECK ((position is null) = (position_event_id is null))
);
--> statement-breakpoint
CREATE TABLE "education"."progress_events" (
	"user_id" uuid NOT NULL,
	"event_id" uuid NOT NULL,
	"course_id" uuid NOT NULL,
	"module_id" uuid NOT NULL,
	"kind" "education"."progress_event_kind" NOT NULL,
	"percent" smallint,
	"position" text,
	"occurred_at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "progress_events_pkey" PRIMARY KEY("user_id","event_id"),
	CONSTRAINT "progress_events_percent_range_check" CHECK (percent between 0 and 100),
	CONSTRAINT "progress_events_completed_is_whole_check" CHECK (kind <> 'completed' or coalesce(percent, 0) = 100),
	CONSTRAINT "progress_events_position_length_check" CHECK (char_length(position) <= 1000)
);
--> statement-breakpoint
CREATE TABLE "education"."revision_modules" (
	"course_id" uuid NOT NULL,
	"revision" integer NOT NULL,
	"module_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"title" text NOT NULL,
	"content" text NOT NULL,
	"weight" integer NOT NULL,
	"is_optional" boolean NOT NULL,
	"prerequisites_needed" smallint NOT NULL,
	CONSTRAINT "revision_modules_pkey" PRIMARY KEY("course_id","revision","module_id"),
	CONSTRAINT "revision_modules_course_id_revision_position_key" UNIQUE("course_id","revision","position"),
	CONSTRAINT "revision_modules_weight_positive_check" CHECK (weight > 0),
	CONSTRAINT "revision_modules_prerequisites_needed_check" CHECK (prerequisites_needed >= 0)
);
--> statement-breakpoint
CREATE TABLE "education"."revision_prerequisites" (
	"course_id" uuid NOT NULL,
	"revision" integer NOT NULL,
	"module_id" uuid NOT NULL,
	"prerequisite_id" uuid NOT NULL,
	CONSTRAINT "revision_prerequisites_pkey" PRIMARY KEY("course_id","revision","module_id","prerequisite_id")
);
--> statement-breakpoint
CREATE TABLE "finance"."currencies" (
	"code" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"scale" smallint NOT NULL,
	"supply_limit" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "currencies_code_form_check" CHECK (code ~ '^[A-Z]{3,8}$'),
	CONSTRAINT "currencies_name_length_check" CHECK (char_length(name) between 1 and 100),
	CONSTRAINT "currencies_scale_range_check" CHECK (scale between 0 and 18),
	CONSTRAINT "currencies_supply_limit_positive_check" CHECK (supply_limit > 0)
);
--> statement-breakpoint
CREATE TABLE "finance"."entries" (
	"user_id" uuid NOT NULL,
	"currency" text NOT NULL,
	"version" bigint NOT NULL,
	"transaction_user_id" uuid NOT NULL,
	"transaction_id" uuid NOT NULL,
	"amount" bigint NOT NULL,
	"posted_after" bigint NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"occurred_at" timestamp with time zone,
	CONSTRAINT "entries_pkey" PRIMARY KEY("user_id","currency","version"),
	CONSTRAINT "entries_version_positive_check" CHECK (version > 0),
	CONSTRAINT "entries_amount_not_zero_check" CHECK (amount <> 0),
	CONSTRAINT "entries_occurred_only_if_other_check" CHECK (occurred_at <> recorded_at)
);
--> statement-breakpoint
CREATE TABLE "finance"."holds" (
	"user_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"currency" text NOT NULL,
	"amount" bigint NOT NULL,
	"captured" bigint DEFAULT 0 NOT NULL,
	"status" "finance"."hold_status" DEFAULT 'PENDING' NOT NULL,
	"reason" text,
	"resolution_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"resolved_at" timestamp with time zone,
	CONSTRAINT "holds_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "holds_user_id_resolution_id_key" UNIQUE("user_id","resolution_id"),
	CONSTRAINT "holds_amount_positive_check" CHECK (amount > 0),
	CONSTRAINT "holds_captured_within_amount_check" CHECK (captured between 0 and amount),
	CONSTRAINT "holds_captured_has_amount_check" CHECK ((status = 'CAPTURED') = (captured > 0)),
	CONSTRAINT "holds_resolved_has_time_check" CHECK ((status = 'PENDING') = (resolved_at is null)),
	CONSTRAINT "holds_resolved_by_transaction_check" CHECK ((status in ('CAPTURED', 'RELEASED')) = (resolution_id is not null)),
	CONSTRAINT "holds_expires_after_created_check" CHECK (expires_at > created_at),
	CONSTRAINT "holds_expired_when_due_check" CHECK (status <> 'EXPIRED' or resolved_at >= expires_at),
	CONSTRAINT "holds_resolved_after_created_check" CHECK (resolved_at >= created_at)
);
--> statement-breakpoint
CREATE TABLE "finance"."mining_activities" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"type" "finance"."mining_type" NOT NULL,
	"tokens_earned" bigint NOT NULL,
	"status" "finance"."mining_status" DEFAULT 'PENDING' NOT NULL,
	"idempotency_key" text NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"transaction_id" uuid,
	"rejection_reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"verified_at" timestamp with time zone,
	"rewarded_at" timestamp with time zone,
	"rejected_at" timestamp with time zone,
	CONSTRAINT "mining_activities_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "mining_activities_idempotency_key_user_id_key" UNIQUE("idempotency_key","user_id"),
	CONSTRAINT "mining_activities_user_id_transaction_id_key" UNIQUE("user_id","transaction_id"),
	CONSTRAINT "mining_activities_idempotency_key_length_check" CHECK (char_length(idempotency_key) between 1 and 200),
	CONSTRAINT "mining_activities_tokens_positive_check" CHECK (tokens_earned > 0),
	CONSTRAINT "mining_activities_metadata_object_check" CHECK (jsonb_typeof(metadata) = 'object'),
	CONSTRAINT "mining_activities_verified_has_time_check" CHECK (status not in ('VERIFIED', 'REWARDED') or verified_at is not null),
	CONSTRAINT "mining_activities_rewarded_has_time_check" CHECK ((status = 'REWARDED') = (rewarded_at is not null)),
	CONSTRAINT "mining_activities_rewarded_has_transaction_check" CHECK ((status = 'REWARDED') = (transaction_id is not null)),
	CONSTRAINT "mining_activities_rejected_has_time_check" CHECK ((status = 'REJECTED') = (rejected_at is not null)),
	CONSTRAINT "mining_activities_rejected_has_reason_check" CHECK ((status = 'REJECTED') = (rejection_reason is not null)),
	CONSTRAINT "mining_activities_verified_after_created_check" CHECK (verified_at >= created_at),
	CONSTRAINT "mining_activities_rejected_after_created_check" CHECK (rejected_at >= created_at),
	CONSTRAINT "mining_activities_rewarded_after_verified_check" CHECK (rewarded_at >= verified_at)
);
--> statement-breakpoint
CREATE TABLE "finance"."occurrence_sums" (
	"user_id" uuid NOT NULL,
	"currency" text NOT NULL,
	"level" smallint NOT NULL,
	"stretch" bigint NOT NULL,
	"amount" numeric(50, 0) NOT NULL,
	CONSTRAINT "occurrence_sums_pkey" PRIMARY KEY("user_id","currency","level","stretch"),
	CONSTRAINT "occurrence_sums_level_range_check" CHECK (level between 0 and 6)
);
--> statement-breakpoint
CREATE TABLE "finance"."payment_references" (
	"provider" text NOT NULL,
	"reference" text NOT NULL,
	"user_id" uuid NOT NULL,
	"payment_id" uuid NOT NULL,
	CONSTRAINT "payment_references_pkey" PRIMARY KEY("provider","reference")
);
--> statement-breakpoint
CREATE TABLE "finance"."payments" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"type" "finance"."payment_type" NOT NULL,
	"status" "finance"."payment_status" DEFAULT 'PENDING' NOT NULL,
	"amount" bigint NOT NULL,
	"currency" text NOT NULL,
	"course_id" uuid,
	"provider" text NOT NULL,
	"provider_reference" text NOT NULL,
	"description" text,
	"transaction_id" uuid,
	"failure_reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone,
	"failed_at" timestamp with time zone,
	"refunded_at" timestamp with time zone,
	CONSTRAINT "payments_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "payments_user_id_transaction_id_key" UNIQUE("user_id","transaction_id"),
	CONSTRAINT "payments_amount_positive_check" CHECK (amount > 0),
	CONSTRAINT "payments_provider_length_check" CHECK (char_length(provider) between 1 and 50),
	CONSTRAINT "payments_provider_reference_length_check" CHECK (char_length(provider_reference) between 1 and 200),
	CONSTRAINT "payments_enrollment_names_course_check" CHECK (type <> 'ENROLLMENT' or course_id is not null),
	CONSTRAINT "payments_completed_has_time_check" CHECK ((status in ('COMPLETED', 'REFUNDED')) = (completed_at is not null)),
	CONSTRAINT "payments_completed_has_transaction_check" CHECK ((status in ('COMPLETED', 'REFUNDED')) = (transaction_id is not null)),
	CONSTRAINT "payments_failed_has_time_check" CHECK ((status = 'FAILED') = (failed_at is not null)),
	CONSTRAINT "payments_refunded_has_time_check" CHECK ((status = 'REFUNDED') = (refunded_at is not null)),
	CONSTRAINT "payments_completed_after_created_check" CHECK (completed_at >= created_at),
	CONSTRAINT "payments_failed_after_created_check" CHECK (failed_at >= created_at),
	CONSTRAINT "payments_refunded_after_completed_check" CHECK (refunded_at >= completed_at)
);
--> statement-breakpoint
CREATE TABLE "finance"."sealed_ranges" (
	"user_id" uuid NOT NULL,
	"currency" text NOT NULL,
	"last_version" bigint NOT NULL,
	"first_version" bigint NOT NULL,
	"seal_number" bigint NOT NULL,
	"digests" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "sealed_ranges_pkey" PRIMARY KEY("user_id","currency","last_version"),
	CONSTRAINT "sealed_ranges_versions_check" CHECK (first_version between 1 and last_version),
	CONSTRAINT "sealed_ranges_digests_length_check" CHECK (octet_length(digests) = 8 * (last_version - first_version + 1)),
	CONSTRAINT "sealed_ranges_hash_sha256_check" CHECK (octet_length(hash) = 32)
);
--> statement-breakpoint
CREATE TABLE "finance"."seals" (
	"number" bigint PRIMARY KEY NOT NULL,
	"previous_hash" "bytea" NOT NULL,
	"hash" "bytea" NOT NULL,
	"range_count" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "seals_number_positive_check" CHECK (number > 0),
	CONSTRAINT "seals_hash_sha256_check" CHECK (octet_length(hash) = 32),
	CONSTRAINT "seals_previous_hash_sha256_check" CHECK (octet_length(previous_hash) = 32),
	CONSTRAINT "seals_range_count_positive_check" CHECK (range_count > 0)
);
--> statement-breakpoint
CREATE TABLE "finance"."transactions" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"type" "finance"."transaction_type" NOT NULL,
	"status" "finance"."transaction_status" NOT NULL,
	"currency" text NOT NULL,
	"amount" bigint NOT NULL,
	"description" text,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"idempotency_key" text NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"reverses_id" uuid,
	"rate_numerator" bigint,
	"rate_denominator" bigint,
	"failure_code" "finance"."failure_code",
	"failure_facts" jsonb,
	"occurred_at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	CONSTRAINT "transactions_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "transactions_idempotency_key_user_id_key" UNIQUE("idempotency_key","user_id"),
	CONSTRAINT "transactions_amount_positive_check" CHECK (amount > 0),
	CONSTRAINT "transactions_idempotency_key_length_check" CHECK (char_length(idempotency_key) between 1 and 200),
	CONSTRAINT "transactions_request_hash_sha256_check" CHECK (octet_length(request_hash) = 32),
	CONSTRAINT "transactions_failure_check" CHECK (case when status = 'FAILED' then num_nulls(failure_code, failure_facts) = 0 else num_nonnulls(failure_code, failure_facts) = 0 end),
	CONSTRAINT "transactions_rate_check" CHECK (case when type = 'EXCHANGE' then coalesce(rate_numerator > 0 and rate_denominator > 0, false) else num_nonnulls(rate_numerator, rate_denominator) = 0 end),
	CONSTRAINT "transactions_times_finite_check" CHECK (isfinite(occurred_at) and isfinite(recorded_at)),
	CONSTRAINT "transactions_metadata_object_check" CHECK (jsonb_typeof(metadata) = 'object')
);
--> statement-breakpoint
CREATE TABLE "finance"."wallets" (
	"user_id" uuid NOT NULL,
	"currency" text NOT NULL,
	"kind" "finance"."wallet_kind" DEFAULT 'USER' NOT NULL,
	"holder_id" uuid GENERATED ALWAYS AS (case when kind = 'USER'::finance.wallet_kind then user_id end) STORED,
	"address" text GENERATED ALWAYS AS (wallet_address(user_id, currency)) STORED NOT NULL,
	"posted" bigint DEFAULT 0 NOT NULL,
	"held" bigint DEFAULT 0 NOT NULL,
	"credit_limit" bigint DEFAULT 0 NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	"posted_at" timestamp with time zone,
	"hold_expires_at" timestamp with time zone,
	"status" "finance"."wallet_status" DEFAULT 'OPEN' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "wallets_pkey" PRIMARY KEY("user_id","currency"),
	CONSTRAINT "wallets_available_check" CHECK (posted - held >= -credit_limit),
	CONSTRAINT "wallets_held_not_negative_check" CHECK (held >= 0),
	CONSTRAINT "wallets_closed_has_time_check" CHECK ((status = 'CLOSED') = (closed_at is not null)),
	CONSTRAINT "wallets_closed_is_empty_check" CHECK (status = 'OPEN' or (posted = 0 and held = 0))
);
--> statement-breakpoint
CREATE TABLE "identity"."tokens" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"type" "identity"."token_type" NOT NULL,
	"token_hash" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "tokens_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "tokens_user_id_token_hash_key" UNIQUE("user_id","token_hash"),
	CONSTRAINT "tokens_token_hash_sha256_check" CHECK (octet_length(token_hash) = 32),
	CONSTRAINT "tokens_expires_after_created_check" CHECK (expires_at > created_at),
	CONSTRAINT "tokens_revoked_after_created_check" CHECK (revoked_at >= created_at)
);
--> statement-breakpoint
CREATE TABLE "identity"."user_profiles" (
	"user_id" uuid PRIMARY KEY NOT NULL,
	"bio" text,
	"avatar_url" text,
	"location" text,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"preferences" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_profiles_bio_length_check" CHECK (char_length(bio) <= 5000),
	CONSTRAINT "user_profiles_avatar_url_form_check" CHECK (avatar_url ~ '^https?://'),
	CONSTRAINT "user_profiles_time_zone_check" CHECK (is_time_zone(time_zone)),
	CONSTRAINT "user_profiles_preferences_object_check" CHECK (jsonb_typeof(preferences) = 'object')
);
--> statement-breakpoint
CREATE TABLE "identity"."users" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text,
	"role" "identity"."user_role" DEFAULT 'STUDENT' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "users_email_form_check" CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'),
	CONSTRAINT "users_email_length_check" CHECK (char_length(email) <= 254),
	CONSTRAINT "users_name_length_check" CHECK (char_length(name) between 1 and 200),
	CONSTRAINT "users_password_hash_form_check" CHECK (password_hash like '$%'),
	CONSTRAINT "users_deleted_after_created_check" CHECK (deleted_at >= created_at),
	CONSTRAINT "users_id_not_reserved_check" CHECK (id >= '00000000-0000-0000-0000-000000000100')
);
--> statement-breakpoint
CREATE TABLE "marketplace"."application_steps" (
	"user_id" uuid NOT NULL,
	"job_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"status" "marketplace"."application_status" NOT NULL,
	"withdrawn" boolean DEFAULT false NOT NULL,
	"changed_by" uuid,
	"changed_at" timestamp with time zone NOT NULL,
	CONSTRAINT "application_steps_pkey" PRIMARY KEY("user_id","job_id","position"),
	CONSTRAINT "application_steps_position_positive_check" CHECK (position > 0)
);
--> statement-breakpoint
CREATE TABLE "marketplace"."job_applications" (
	"user_id" uuid NOT NULL,
	"job_id" uuid NOT NULL,
	"status" "marketplace"."application_status" DEFAULT 'PENDING' NOT NULL,
	"cover_letter" text,
	"resume" text,
	"match_score" smallint,
	"applied_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status_changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status_changed_by" uuid,
	"withdrawn_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "job_applications_pkey" PRIMARY KEY("user_id","job_id"),
	CONSTRAINT "job_applications_status_changed_after_applied_check" CHECK (status_changed_at >= applied_at),
	CONSTRAINT "job_applications_withdrawn_after_applied_check" CHECK (withdrawn_at >= applied_at),
	CONSTRAINT "job_applications_match_score_range_check" CHECK (match_score between 0 and 10000)
);
--> statement-breakpoint
CREATE TABLE "marketplace"."job_skills" (
	"job_id" uuid NOT NULL,
	"skill_id" integer NOT NULL,
	"level" "marketplace"."skill_level" NOT NULL,
	"required" boolean DEFAULT true NOT NULL,
	CONSTRAINT "job_skills_pkey" PRIMARY KEY("job_id","skill_id")
);
--> statement-breakpoint
CREATE TABLE "marketplace"."job_vectors" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"needs" integer[] NOT NULL,
	"codes" integer[] NOT NULL,
	"total_weight" integer NOT NULL,
	"skill_bits" bit(256) NOT NULL,
	"posted_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"remote" boolean NOT NULL,
	"location" text,
	"currency" text,
	"top_salary" bigint
);
--> statement-breakpoint
CREATE TABLE "marketplace"."jobs" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"posted_by" uuid,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"company" text NOT NULL,
	"location" text,
	"remote" boolean DEFAULT false NOT NULL,
	"salary_min" bigint,
	"salary_max" bigint,
	"currency" text,
	"requirements" text,
	"status" "marketplace"."job_status" DEFAULT 'ACTIVE' NOT NULL,
	"posted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "jobs_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "jobs_company_length_check" CHECK (char_length(company) between 1 and 200),
	CONSTRAINT "jobs_place_check" CHECK (remote or location is not null),
	CONSTRAINT "jobs_salary_min_not_negative_check" CHECK (salary_min >= 0),
	CONSTRAINT "jobs_salary_range_check" CHECK (salary_max >= salary_min),
	CONSTRAINT "jobs_salary_has_currency_check" CHECK (coalesce(salary_min, salary_max) is null or currency is not null),
	CONSTRAINT "jobs_expires_after_posted_check" CHECK (expires_at > posted_at),
	CONSTRAINT "jobs_deleted_after_created_check" CHECK (deleted_at >= created_at)
);
--> statement-breakpoint
CREATE TABLE "marketplace"."occupation_skills" (
	"occupation_id" integer NOT NULL,
	"skill_id" integer NOT NULL,
	"essential" boolean NOT NULL,
	CONSTRAINT "occupation_skills_pkey" PRIMARY KEY("occupation_id","skill_id")
);
--> statement-breakpoint
CREATE TABLE "marketplace"."occupations" (
	"id" integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (sequence name "marketplace"."occupations_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"source_uri" text NOT NULL,
	"name" text NOT NULL,
	"group_code" text,
	"description" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "occupations_source_uri_length_check" CHECK (char_length(source_uri) between 1 and 500),
	CONSTRAINT "occupations_name_length_check" CHECK (char_length(name) between 1 and 300)
);
--> statement-breakpoint
CREATE TABLE "marketplace"."left_out_jobs" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"skills_hash" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "marketplace"."packed_bounds" (
	"skill_id" integer NOT NULL,
	"level" "marketplace"."skill_level" NOT NULL,
	"group_id" integer NOT NULL,
	"bounds" numeric NOT NULL,
	CONSTRAINT "packed_bounds_pkey" PRIMARY KEY("skill_id","level","group_id")
);
--> statement-breakpoint
CREATE TABLE "marketplace"."packed_jobs" (
	"slot" bigint PRIMARY KEY NOT NULL,
	"job_id" uuid NOT NULL,
	CONSTRAINT "packed_jobs_job_id_key" UNIQUE("job_id")
);
--> statement-breakpoint
CREATE TABLE "marketplace"."packed_shares" (
	"skill_id" integer NOT NULL,
	"level" "marketplace"."skill_level" NOT NULL,
	"block_id" integer NOT NULL,
	"shares" numeric NOT NULL,
	CONSTRAINT "packed_shares_pkey" PRIMARY KEY("skill_id","level","block_id","shares")
);
--> statement-breakpoint
CREATE TABLE "marketplace"."skill_endorsements" (
	"user_id" uuid NOT NULL,
	"skill_id" integer NOT NULL,
	"endorser_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "skill_endorsements_pkey" PRIMARY KEY("user_id","skill_id","endorser_id"),
	CONSTRAINT "skill_endorsements_by_other_check" CHECK (endorser_id <> user_id)
);
--> statement-breakpoint
CREATE TABLE "marketplace"."skill_postings" (
	"skill_id" integer NOT NULL,
	"size_class" smallint NOT NULL,
	"bound" smallint NOT NULL,
	"posted_minute" integer NOT NULL,
	"total_weight" smallint NOT NULL,
	"job_id" uuid NOT NULL,
	"near_gap" boolean NOT NULL,
	"skill_bits" bit(256) NOT NULL,
	"needs" integer[] NOT NULL,
	"expires_at" timestamp with time zone,
	CONSTRAINT "skill_postings_pkey" PRIMARY KEY("skill_id","size_class","bound","posted_minute","total_weight","job_id","skill_bits","needs")
);
--> statement-breakpoint
CREATE TABLE "marketplace"."skill_ranks" (
	"skill_id" integer PRIMARY KEY NOT NULL,
	"rank" integer NOT NULL,
	"prior_rank" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "marketplace"."skills" (
	"id" integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (sequence name "marketplace"."skills_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1001 CACHE 1),
	"name" text NOT NULL,
	"category" text NOT NULL,
	"description" text,
	"source_uri" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "skills_id_positive_check" CHECK (id > 0),
	CONSTRAINT "skills_id_limit_check" CHECK (id < 268435456),
	CONSTRAINT "skills_name_length_check" CHECK (char_length(name) between 1 and 300),
	CONSTRAINT "skills_source_uri_length_check" CHECK (char_length(source_uri) between 1 and 500),
	CONSTRAINT "skills_category_length_check" CHECK (char_length(category) between 1 and 100)
);
--> statement-breakpoint
CREATE TABLE "marketplace"."user_skills" (
	"user_id" uuid NOT NULL,
	"skill_id" integer NOT NULL,
	"level" "marketplace"."skill_level" NOT NULL,
	"verified_at" timestamp with time zone,
	"verified_by" uuid,
	"endorsements" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_skills_pkey" PRIMARY KEY("user_id","skill_id"),
	CONSTRAINT "user_skills_verifier_needs_time_check" CHECK (verified_by is null or verified_at is not null),
	CONSTRAINT "user_skills_verified_by_other_check" CHECK (verified_by <> user_id),
	CONSTRAINT "user_skills_endorsements_not_negative_check" CHECK (endorsements >= 0)
);
--> statement-breakpoint
CREATE TABLE "platform"."audit_log" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"actor_id" uuid,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"subject_id" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_log_action_form_check" CHECK (action ~ '^[a-z][a-z_]*([.][a-z][a-z_]*)*$'),
	CONSTRAINT "audit_log_data_object_check" CHECK (jsonb_typeof(data) = 'object')
);
--> statement-breakpoint
CREATE TABLE "platform"."events" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"type" text NOT NULL,
	"source" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"status" "platform"."event_status" DEFAULT 'PENDING' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"processed_at" timestamp with time zone,
	CONSTRAINT "events_type_form_check" CHECK (type ~ '^[a-z][a-z_]*([.][a-z][a-z_]*)+$'),
	CONSTRAINT "events_source_length_check" CHECK (char_length(source) between 1 and 100),
	CONSTRAINT "events_data_object_check" CHECK (jsonb_typeof(data) = 'object'),
	CONSTRAINT "events_attempts_not_negative_check" CHECK (attempts >= 0),
	CONSTRAINT "events_processed_has_time_check" CHECK ((status in ('COMPLETED', 'FAILED')) = (processed_at is not null)),
	CONSTRAINT "events_processed_after_created_check" CHECK (processed_at >= created_at)
);
--> statement-breakpoint
CREATE TABLE "platform"."notifications" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"type" "platform"."notification_type" NOT NULL,
	"title" text NOT NULL,
	"message" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"read_at" timestamp with time zone,
	CONSTRAINT "notifications_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "notifications_title_length_check" CHECK (char_length(title) between 1 and 200),
	CONSTRAINT "notifications_data_object_check" CHECK (jsonb_typeof(data) = 'object'),
	CONSTRAINT "notifications_read_after_created_check" CHECK (read_at >= created_at)
);
--> statement-breakpoint
CREATE TABLE "platform"."safety_incidents" (
	"user_id" uuid NOT NULL,
	"id" uuid DEFAULT uuidv7() NOT NULL,
	"type" "platform"."incident_type" NOT NULL,
	"severity" "platform"."incident_severity" NOT NULL,
	"latitude" double precision NOT NULL,
	"longitude" double precision NOT NULL,
	"description" text NOT NULL,
	"status" "platform"."incident_status" DEFAULT 'REPORTED' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp with time zone,
	CONSTRAINT "safety_incidents_pkey" PRIMARY KEY("user_id","id"),
	CONSTRAINT "safety_incidents_latitude_range_check" CHECK (latitude between -90 and 90),
	CONSTRAINT "safety_incidents_longitude_range_check" CHECK (longitude between -180 and 180),
	CONSTRAINT "safety_incidents_description_length_check" CHECK (char_length(description) between 1 and 5000),
	CONSTRAINT "safety_incidents_resolved_has_time_check" CHECK ((status in ('RESOLVED', 'CLOSED')) = (resolved_at is not null)),
	CONSTRAINT "safety_incidents_resolved_after_created_check" CHECK (resolved_at >= created_at)
);
--> statement-breakpoint
ALTER TABLE "ai"."chat_messages" ADD CONSTRAINT "chat_messages_user_id_session_id_fkey" FOREIGN KEY ("user_id","session_id") REFERENCES "ai"."chat_sessions"("user_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ai"."chat_sessions" ADD CONSTRAINT "chat_sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ai"."chat_sessions" ADD CONSTRAINT "chat_sessions_personality_id_fkey" FOREIGN KEY ("personality_id") REFERENCES "ai"."ai_personalities"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ai"."ai_personality_relationships" ADD CONSTRAINT "ai_personality_relationships_personality_id_fkey" FOREIGN KEY ("personality_id") REFERENCES "ai"."ai_personalities"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ai"."ai_personality_relationships" ADD CONSTRAINT "ai_personality_relationships_related_id_fkey" FOREIGN KEY ("related_id") REFERENCES "ai"."ai_personalities"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."assessments" ADD CONSTRAINT "assessments_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."assessments" ADD CONSTRAINT "assessments_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."course_completions" ADD CONSTRAINT "course_completions_user_id_course_id_fkey" FOREIGN KEY ("user_id","course_id") REFERENCES "education"."enrollments"("user_id","course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."course_modules" ADD CONSTRAINT "course_modules_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."course_revisions" ADD CONSTRAINT "course_revisions_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."course_statistics" ADD CONSTRAINT "course_statistics_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."courses" ADD CONSTRAINT "courses_instructor_id_fkey" FOREIGN KEY ("instructor_id") REFERENCES "identity"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."courses" ADD CONSTRAINT "courses_currency_fkey" FOREIGN KEY ("currency") REFERENCES "finance"."currencies"("code") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."courses" ADD CONSTRAINT "courses_id_revision_fkey" FOREIGN KEY ("id","revision") REFERENCES "education"."course_revisions"("course_id","revision") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."enrollments" ADD CONSTRAINT "enrollments_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."enrollments" ADD CONSTRAINT "enrollments_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."enrollments" ADD CONSTRAINT "enrollments_course_id_revision_fkey" FOREIGN KEY ("course_id","revision") REFERENCES "education"."course_revisions"("course_id","revision") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."learner_days" ADD CONSTRAINT "learner_days_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."learning_path_courses" ADD CONSTRAINT "learning_path_courses_learning_path_id_fkey" FOREIGN KEY ("learning_path_id") REFERENCES "education"."learning_paths"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."learning_path_courses" ADD CONSTRAINT "learning_path_courses_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."learning_path_skills" ADD CONSTRAINT "learning_path_skills_learning_path_id_fkey" FOREIGN KEY ("learning_path_id") REFERENCES "education"."learning_paths"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."learning_path_skills" ADD CONSTRAINT "learning_path_skills_skill_id_fkey" FOREIGN KEY ("skill_id") REFERENCES "marketplace"."skills"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."module_prerequisites" ADD CONSTRAINT "module_prerequisites_course_id_module_id_fkey" FOREIGN KEY ("course_id","module_id") REFERENCES "education"."course_modules"("course_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."module_prerequisites" ADD CONSTRAINT "module_prerequisites_course_id_prerequisite_id_fkey" FOREIGN KEY ("course_id","prerequisite_id") REFERENCES "education"."course_modules"("course_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."module_progress" ADD CONSTRAINT "module_progress_user_id_course_id_fkey" FOREIGN KEY ("user_id","course_id") REFERENCES "education"."enrollments"("user_id","course_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."module_progress" ADD CONSTRAINT "module_progress_course_id_module_id_fkey" FOREIGN KEY ("course_id","module_id") REFERENCES "education"."course_modules"("course_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."progress_events" ADD CONSTRAINT "progress_events_module_progress_fkey" FOREIGN KEY ("user_id","course_id","module_id") REFERENCES "education"."module_progress"("user_id","course_id","module_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."revision_modules" ADD CONSTRAINT "revision_modules_course_id_revision_fkey" FOREIGN KEY ("course_id","revision") REFERENCES "education"."course_revisions"("course_id","revision") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."revision_modules" ADD CONSTRAINT "revision_modules_course_id_module_id_fkey" FOREIGN KEY ("course_id","module_id") REFERENCES "education"."course_modules"("course_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."revision_prerequisites" ADD CONSTRAINT "revision_prerequisites_module_fkey" FOREIGN KEY ("course_id","revision","module_id") REFERENCES "education"."revision_modules"("course_id","revision","module_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "education"."revision_prerequisites" ADD CONSTRAINT "revision_prerequisites_prerequisite_fkey" FOREIGN KEY ("course_id","revision","prerequisite_id") REFERENCES "education"."revision_modules"("course_id","revision","module_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."entries" ADD CONSTRAINT "entries_user_id_currency_fkey" FOREIGN KEY ("user_id","currency") REFERENCES "finance"."wallets"("user_id","currency") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."entries" ADD CONSTRAINT "entries_transaction_fkey" FOREIGN KEY ("transaction_user_id","transaction_id") REFERENCES "finance"."transactions"("user_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."holds" ADD CONSTRAINT "holds_user_id_currency_fkey" FOREIGN KEY ("user_id","currency") REFERENCES "finance"."wallets"("user_id","currency") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."holds" ADD CONSTRAINT "holds_placed_by_fkey" FOREIGN KEY ("user_id","id") REFERENCES "finance"."transactions"("user_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."holds" ADD CONSTRAINT "holds_resolution_fkey" FOREIGN KEY ("user_id","resolution_id") REFERENCES "finance"."transactions"("user_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."mining_activities" ADD CONSTRAINT "mining_activities_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."mining_activities" ADD CONSTRAINT "mining_activities_transaction_fkey" FOREIGN KEY ("user_id","transaction_id") REFERENCES "finance"."transactions"("user_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."occurrence_sums" ADD CONSTRAINT "occurrence_sums_user_id_currency_fkey" FOREIGN KEY ("user_id","currency") REFERENCES "finance"."wallets"("user_id","currency") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."payment_references" ADD CONSTRAINT "payment_references_payment_fkey" FOREIGN KEY ("user_id","payment_id") REFERENCES "finance"."payments"("user_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_currency_fkey" FOREIGN KEY ("currency") REFERENCES "finance"."currencies"("code") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_course_id_fkey" FOREIGN KEY ("course_id") REFERENCES "education"."courses"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."payments" ADD CONSTRAINT "payments_transaction_fkey" FOREIGN KEY ("user_id","transaction_id") REFERENCES "finance"."transactions"("user_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."sealed_ranges" ADD CONSTRAINT "sealed_ranges_last_entry_fkey" FOREIGN KEY ("user_id","currency","last_version") REFERENCES "finance"."entries"("user_id","currency","version") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."sealed_ranges" ADD CONSTRAINT "sealed_ranges_seal_number_fkey" FOREIGN KEY ("seal_number") REFERENCES "finance"."seals"("number") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."transactions" ADD CONSTRAINT "transactions_reverses_fkey" FOREIGN KEY ("user_id","reverses_id") REFERENCES "finance"."transactions"("user_id","id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."wallets" ADD CONSTRAINT "wallets_holder_id_fkey" FOREIGN KEY ("holder_id") REFERENCES "identity"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "finance"."wallets" ADD CONSTRAINT "wallets_currency_fkey" FOREIGN KEY ("currency") REFERENCES "finance"."currencies"("code") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "identity"."tokens" ADD CONSTRAINT "tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "identity"."user_profiles" ADD CONSTRAINT "user_profiles_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."application_steps" ADD CONSTRAINT "application_steps_user_id_job_id_fkey" FOREIGN KEY ("user_id","job_id") REFERENCES "marketplace"."job_applications"("user_id","job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."application_steps" ADD CONSTRAINT "application_steps_changed_by_fkey" FOREIGN KEY ("changed_by") REFERENCES "identity"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."job_applications" ADD CONSTRAINT "job_applications_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."job_applications" ADD CONSTRAINT "job_applications_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "marketplace"."jobs"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."job_applications" ADD CONSTRAINT "job_applications_status_changed_by_fkey" FOREIGN KEY ("status_changed_by") REFERENCES "identity"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."job_skills" ADD CONSTRAINT "job_skills_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "marketplace"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."job_skills" ADD CONSTRAINT "job_skills_skill_id_fkey" FOREIGN KEY ("skill_id") REFERENCES "marketplace"."skills"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."jobs" ADD CONSTRAINT "jobs_posted_by_fkey" FOREIGN KEY ("posted_by") REFERENCES "identity"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."jobs" ADD CONSTRAINT "jobs_currency_fkey" FOREIGN KEY ("currency") REFERENCES "finance"."currencies"("code") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."occupation_skills" ADD CONSTRAINT "occupation_skills_occupation_id_fkey" FOREIGN KEY ("occupation_id") REFERENCES "marketplace"."occupations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."occupation_skills" ADD CONSTRAINT "occupation_skills_skill_id_fkey" FOREIGN KEY ("skill_id") REFERENCES "marketplace"."skills"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."skill_endorsements" ADD CONSTRAINT "skill_endorsements_user_id_skill_id_fkey" FOREIGN KEY ("user_id","skill_id") REFERENCES "marketplace"."user_skills"("user_id","skill_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."skill_endorsements" ADD CONSTRAINT "skill_endorsements_endorser_id_fkey" FOREIGN KEY ("endorser_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."skill_ranks" ADD CONSTRAINT "skill_ranks_skill_id_fkey" FOREIGN KEY ("skill_id") REFERENCES "marketplace"."skills"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."user_skills" ADD CONSTRAINT "user_skills_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."user_skills" ADD CONSTRAINT "user_skills_skill_id_fkey" FOREIGN KEY ("skill_id") REFERENCES "marketplace"."skills"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "marketplace"."user_skills" ADD CONSTRAINT "user_skills_verified_by_fkey" FOREIGN KEY ("verified_by") REFERENCES "identity"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "platform"."audit_log" ADD CONSTRAINT "audit_log_actor_id_fkey" FOREIGN KEY ("actor_id") REFERENCES "identity"."users"("id") ON DELETE restrict ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "platform"."notifications" ADD CONSTRAINT "notifications_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "platform"."safety_incidents" ADD CONSTRAINT "safety_incidents_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "identity"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "chat_sessions_recent_idx" ON "ai"."chat_sessions" USING btree ("user_id","last_message_at" DESC NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "chat_sessions_personality_id_idx" ON "ai"."chat_sessions" USING btree ("personality_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ai_personalities_name_key" ON "ai"."ai_personalities" USING btree (lower(name));--> statement-breakpoint
CREATE INDEX "ai_personality_relationships_related_id_idx" ON "ai"."ai_personality_relationships" USING btree ("related_id");--> statement-breakpoint
CREATE INDEX "assessments_user_course_idx" ON "education"."assessments" USING btree ("user_id","course_id","id");--> statement-breakpoint
CREATE INDEX "assessments_course_id_idx" ON "education"."assessments" USING btree ("course_id");--> statement-breakpoint
CREATE INDEX "courses_instructor_id_idx" ON "education"."courses" USING btree ("instructor_id","id");--> statement-breakpoint
CREATE INDEX "courses_currency_idx" ON "education"."courses" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "courses_published_idx" ON "education"."courses" USING btree ("published_at" DESC NULLS FIRST,"id" DESC NULLS FIRST) WHERE status = 'PUBLISHED';--> statement-breakpoint
CREATE INDEX "enrollments_course_activity_idx" ON "education"."enrollments" USING btree ("course_id","activity_slot");--> statement-breakpoint
CREATE INDEX "enrollments_course_progress_idx" ON "education"."enrollments" USING btree ("course_id",(done_weight::bigint * 10000 / total_weight),"user_id");--> statement-breakpoint
CREATE INDEX "enrollments_course_revision_idx" ON "education"."enrollments" USING btree ("course_id","revision","user_id");--> statement-breakpoint
CREATE INDEX "learning_path_courses_course_id_idx" ON "education"."learning_path_courses" USING btree ("course_id");--> statement-breakpoint
CREATE INDEX "learning_path_skills_skill_id_idx" ON "education"."learning_path_skills" USING btree ("skill_id");--> statement-breakpoint
CREATE INDEX "module_prerequisites_prerequisite_idx" ON "education"."module_prerequisites" USING btree ("course_id","prerequisite_id");--> statement-breakpoint
CREATE INDEX "module_progress_module_idx" ON "education"."module_progress" USING btree ("course_id","module_id","user_id");--> statement-breakpoint
CREATE INDEX "revision_modules_module_idx" ON "education"."revision_modules" USING btree ("course_id","module_id");--> statement-breakpoint
CREATE INDEX "revision_prerequisites_prerequisite_idx" ON "education"."revision_prerequisites" USING btree ("course_id","revision","prerequisite_id");--> statement-breakpoint
CREATE INDEX "entries_transaction_idx" ON "finance"."entries" USING btree ("transaction_user_id","transaction_id");--> statement-breakpoint
CREATE INDEX "holds_user_id_currency_idx" ON "finance"."holds" USING btree ("user_id","currency","id");--> statement-breakpoint
CREATE INDEX "holds_open_idx" ON "finance"."holds" USING btree ("user_id","currency","expires_at") WHERE status = 'PENDING';--> statement-breakpoint
CREATE INDEX "holds_due_idx" ON "finance"."holds" USING btree ("expires_at","user_id","id") WHERE status = 'PENDING';--> statement-breakpoint
CREATE INDEX "mining_activities_open_idx" ON "finance"."mining_activities" USING btree ("created_at","id") WHERE status in ('PENDING', 'VERIFIED');--> statement-breakpoint
CREATE INDEX "payment_references_payment_idx" ON "finance"."payment_references" USING btree ("user_id","payment_id");--> statement-breakpoint
CREATE INDEX "payments_currency_idx" ON "finance"."payments" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "payments_course_id_idx" ON "finance"."payments" USING btree ("course_id");--> statement-breakpoint
CREATE INDEX "sealed_ranges_seal_number_idx" ON "finance"."sealed_ranges" USING btree ("seal_number","user_id","currency","last_version");--> statement-breakpoint
CREATE UNIQUE INDEX "transactions_reverses_key" ON "finance"."transactions" USING btree ("user_id","reverses_id") WHERE status = 'COMPLETED';--> statement-breakpoint
CREATE INDEX "transactions_reverses_idx" ON "finance"."transactions" USING btree ("user_id","reverses_id") WHERE reverses_id is not null;--> statement-breakpoint
CREATE INDEX "wallets_holder_id_idx" ON "finance"."wallets" USING btree ("holder_id");--> statement-breakpoint
CREATE INDEX "wallets_currency_idx" ON "finance"."wallets" USING btree ("currency","user_id");--> statement-breakpoint
CREATE INDEX "wallets_address_idx" ON "finance"."wallets" USING btree ("address");--> statement-breakpoint
CREATE INDEX "tokens_token_hash_idx" ON "identity"."tokens" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "tokens_expires_at_idx" ON "identity"."tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "identity"."users" USING btree (lower(email));--> statement-breakpoint
CREATE INDEX "users_role_idx" ON "identity"."users" USING btree (role,id) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "application_steps_changed_by_idx" ON "marketplace"."application_steps" USING btree ("changed_by");--> statement-breakpoint
CREATE INDEX "job_applications_status_changed_by_idx" ON "marketplace"."job_applications" USING btree ("status_changed_by");--> statement-breakpoint
CREATE INDEX "job_applications_by_user_idx" ON "marketplace"."job_applications" USING btree ("user_id","applied_at","job_id");--> statement-breakpoint
CREATE INDEX "job_applications_by_job_idx" ON "marketplace"."job_applications" USING btree ("job_id","applied_at","user_id");--> statement-breakpoint
CREATE INDEX "job_skills_skill_id_idx" ON "marketplace"."job_skills" USING btree ("skill_id","job_id");--> statement-breakpoint
CREATE INDEX "job_vectors_remote_idx" ON "marketplace"."job_vectors" USING btree ("remote") WHERE total_weight > 0;--> statement-breakpoint
CREATE INDEX "job_vectors_location_idx" ON "marketplace"."job_vectors" USING btree ("location") WHERE total_weight > 0;--> statement-breakpoint
CREATE INDEX "job_vectors_salary_idx" ON "marketplace"."job_vectors" USING btree ("currency","top_salary") WHERE total_weight > 0;--> statement-breakpoint
CREATE INDEX "jobs_posted_by_idx" ON "marketplace"."jobs" USING btree ("posted_by");--> statement-breakpoint
CREATE INDEX "jobs_currency_idx" ON "marketplace"."jobs" USING btree ("currency");--> statement-breakpoint
CREATE INDEX "jobs_active_posted_idx" ON "marketplace"."jobs" USING btree ("posted_at" DESC NULLS FIRST,"id" DESC NULLS FIRST) WHERE status = 'ACTIVE' and deleted_at is null;--> statement-breakpoint
CREATE INDEX "jobs_search_idx" ON "marketplace"."jobs" USING gin (to_tsvector('english', title || ' ' || company || ' ' || description));--> statement-breakpoint
CREATE INDEX "jobs_expiring_idx" ON "marketplace"."jobs" USING btree ("expires_at") WHERE status = 'ACTIVE';--> statement-breakpoint
CREATE INDEX "occupation_skills_skill_id_idx" ON "marketplace"."occupation_skills" USING btree ("skill_id");--> statement-breakpoint
CREATE UNIQUE INDEX "occupations_source_uri_key" ON "marketplace"."occupations" USING btree (source_uri);--> statement-breakpoint
CREATE INDEX "skill_endorsements_endorser_id_idx" ON "marketplace"."skill_endorsements" USING btree ("endorser_id");--> statement-breakpoint
CREATE INDEX "skill_postings_sample_idx" ON "marketplace"."skill_postings" USING btree ("skill_id",width_bucket(get_byte(uuid_send(job_id), 15), array[1, 16]),"bound","total_weight","job_id","skill_bits","needs") WHERE width_bucket(get_byte(uuid_send(job_id), 15), array[1, 16]) < 2;--> statement-breakpoint
CREATE INDEX "skill_postings_near_gap_idx" ON "marketplace"."skill_postings" USING btree ("skill_id","job_id","total_weight","posted_minute","expires_at","skill_bits","needs") WHERE near_gap;--> statement-breakpoint
CREATE UNIQUE INDEX "skills_source_uri_key" ON "marketplace"."skills" USING btree (source_uri);--> statement-breakpoint
CREATE UNIQUE INDEX "skills_name_key" ON "marketplace"."skills" USING btree (lower(name));--> statement-breakpoint
CREATE INDEX "skills_category_idx" ON "marketplace"."skills" USING btree (category,id);--> statement-breakpoint
CREATE INDEX "user_skills_verified_by_idx" ON "marketplace"."user_skills" USING btree ("verified_by");--> statement-breakpoint
CREATE INDEX "user_skills_skill_id_idx" ON "marketplace"."user_skills" USING btree ("skill_id","user_id","level","verified_at","endorsements");--> statement-breakpoint
CREATE INDEX "audit_log_actor_id_idx" ON "platform"."audit_log" USING btree ("actor_id","id");--> statement-breakpoint
CREATE INDEX "audit_log_subject_idx" ON "platform"."audit_log" USING btree ("subject","subject_id","id");--> statement-breakpoint
CREATE INDEX "events_open_idx" ON "platform"."events" USING btree ("id") WHERE status in ('PENDING', 'PROCESSING');--> statement-breakpoint
CREATE INDEX "events_type_idx" ON "platform"."events" USING btree ("type","id");--> statement-breakpoint
CREATE INDEX "notifications_unread_idx" ON "platform"."notifications" USING btree ("user_id","id") WHERE read_at is null;--> statement-breakpoint
CREATE INDEX "safety_incidents_open_idx" ON "platform"."safety_incidents" USING btree ("severity" DESC NULLS FIRST,"created_at" DESC NULLS FIRST) WHERE status in ('REPORTED', 'INVESTIGATING');
