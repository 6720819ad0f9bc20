CREATE SEQUENCE "marketplace"."packed_blocks" INCREMENT BY 1 MINVALUE 0 MAXVALUE 2147483647 START WITH 0 CACHE 1;--> statement-breakpoint
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
