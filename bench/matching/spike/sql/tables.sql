-- The simpler engine beside today's, in a schema of its own. Vectors are shared: the triggers of today keep them.
drop schema if exists spike cascade;
create schema spike;
create table spike.packed_jobs (slot bigint primary key, job_id uuid not null unique, posted_minute integer not null);
create table spike.packed_shares (
  skill_id integer not null, level marketplace.skill_level not null, block_id integer not null, shares numeric not null,
  constraint packed_shares_pkey primary key (skill_id, level, block_id, shares)
);
alter table spike.packed_shares alter column shares set storage plain;
create table spike.packed_bounds (
  skill_id integer not null, level marketplace.skill_level not null, group_id integer not null, bounds numeric not null,
  primary key (skill_id, level, group_id)
);
alter table spike.packed_bounds alter column bounds set storage plain;
-- One row for each job that is in no block yet, with all that is needed to score it.
create table spike.fresh_jobs (
  job_id uuid primary key, needs integer[] not null, total_weight integer not null
) with (fillfactor = 70);
-- What findSkillGaps and qualifiedOnly read; of a job its two rarest required skills, or all if it requires one only.
create table spike.gap_postings (
  skill_id integer not null, job_id uuid not null, total_weight smallint not null, posted_minute integer not null,
  expires_at timestamptz, needs integer[] not null,
  constraint gap_postings_pkey primary key (skill_id, job_id) include (total_weight, posted_minute, expires_at, needs)
);
