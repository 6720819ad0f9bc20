CREATE TABLE "marketplace"."left_out_jobs" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"skills_hash" integer NOT NULL
);