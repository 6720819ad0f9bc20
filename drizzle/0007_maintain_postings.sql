-- The inverted index that finds the jobs which fit a person, the triggers that keep it, and the
-- functions that search it. Every statement may run again, because `push` applies this file to a
-- database that may have it already. A trigger takes SHARE ROW EXCLUSIVE for a moment; a database that
-- already has jobs gets them indexed here, in this transaction.
--
-- Matching. A job's skills stand in an order from the rarest to the most common. Whoever lacks the
-- job's first r skills cannot score above the weight share of the others: that is the `bound` of the
-- posting of skill r + 1. So the postings with a bound of at least t, of the skills that a person
-- has, name every job on which the person can score t (the prefix filter of set similarity joins;
-- the loop over t is the threshold algorithm of Fagin, Lotem and Naor).
create extension if not exists intarray schema public;
--> statement-breakpoint
comment on table marketplace.skill_ranks is 'How common a skill is among jobs, as an order from the rarest on';
--> statement-breakpoint
comment on table marketplace.job_vectors is 'What matching needs to know of one job; derived from jobs and job_skills';
--> statement-breakpoint
comment on table marketplace.skill_postings is 'One skill of one job that can match; derived from job_vectors';
--> statement-breakpoint
-- Not declared strict, here and below: a strict function is not inlined, and computing the vectors of 10,000
-- jobs took 3.8 s instead of 0.7 s.
create or replace function marketplace.level_number(level marketplace.skill_level) returns integer
language sql immutable parallel safe
as $$
  select case level when 'BEGINNER' then 1 when 'INTERMEDIATE' then 2 when 'ADVANCED' then 3 when 'EXPERT' then 4 end
$$;
--> statement-breakpoint
comment on function marketplace.level_number(marketplace.skill_level) is 'BEGINNER 1 to EXPERT 4';
--> statement-breakpoint
-- Twelfths, because 12 divides by every level: no fraction is ever rounded.
create or replace function marketplace.fit_twelfths(held marketplace.skill_level, asked marketplace.skill_level) returns integer
language sql immutable parallel safe
as $$
  select least(12, coalesce(12 * marketplace.level_number(held) / marketplace.level_number(asked), 0))
$$;
--> statement-breakpoint
comment on function marketplace.fit_twelfths(marketplace.skill_level, marketplace.skill_level) is 'How far a held level does for the asked one, in twelfths; 0 for a skill not held';
--> statement-breakpoint
create or replace function marketplace.score_match(person uuid, job uuid) returns integer
language sql stable parallel safe
as $$
  select coalesce(
    sum((1 + js.required::int) * marketplace.fit_twelfths(us.level, js.level)) * 10000
      / (12 * sum(1 + js.required::int)),
    0
  )::integer
  from marketplace.job_skills js
  left join marketplace.user_skills us on us.user_id = person and us.skill_id = js.skill_id
  where js.job_id = job
$$;
--> statement-breakpoint
comment on function marketplace.score_match(uuid, uuid) is 'The match score of a person and a job in basis points, whatever the job''s status';
--> statement-breakpoint
-- Every skill sets one of the first 128 bits, a required one also one of the others. So the bits of a
-- job that are not among a person's are at most the weight of the skills that the person lacks.
create or replace function marketplace.skill_bits(skill integer, required boolean) returns bit(256)
language sql immutable parallel safe
as $$
  select set_bit(0::bit(256), skill % 128, 1)
    | case when required
        then set_bit(0::bit(256), 128 + (((skill::bigint * 2654435761) >> 7) % 128)::integer, 1)
        else 0::bit(256)
      end
$$;
--> statement-breakpoint
comment on function marketplace.skill_bits(integer, boolean) is 'The bits that a skill sets in the signature of a job';
--> statement-breakpoint
-- The lower ends are in match_ranges as well.
create or replace function marketplace.size_class(total_weight integer) returns smallint
language sql immutable parallel safe
as $$
  select width_bucket(total_weight, array[9, 17, 25, 33, 49])::smallint
$$;
--> statement-breakpoint
comment on function marketplace.size_class(integer) is 'Small and large jobs apart: 0 to 5';
--> statement-breakpoint
create or replace function marketplace.minute_of(instant timestamptz) returns integer
language sql immutable parallel safe
as $$
  select floor(extract(epoch from instant) / 60)::integer
$$;
--> statement-breakpoint
comment on function marketplace.minute_of(timestamptz) is 'The minute of an instant, counted from 1970';
--> statement-breakpoint
create or replace function marketplace.compute_job_vectors(job_ids uuid[])
returns setof marketplace.job_vectors
language sql stable
as $$
  select j.id, coalesce(n.needs, '{}'), coalesce(n.codes, '{}'), coalesce(n.total_weight, 0),
    coalesce(n.skill_bits, 0::bit(256)), j.posted_at, j.expires_at, j.remote, lower(j.location),
    j.currency, coalesce(j.salary_max, j.salary_min)
  from marketplace.jobs j
  left join lateral (
    select array_agg(c.code order by coalesce(r.rank, 0), js.skill_id) as needs,
      public.sort(array_agg(c.code) || coalesce(array_agg(c.code - 1) filter (where js.required), '{}')) as codes,
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
--> statement-breakpoint
comment on function marketplace.compute_job_vectors(uuid[]) is 'What job_vectors should hold for these jobs';
--> statement-breakpoint
create or replace function marketplace.compute_postings(job_ids uuid[])
returns setof marketplace.skill_postings
language sql stable
as $$
  select n.code >> 3,
    marketplace.size_class(v.total_weight),
    ((n.weight_from_here * 10000 + v.total_weight - 1) / v.total_weight)::smallint,
    marketplace.minute_of(v.posted_at),
    v.total_weight::smallint,
    v.job_id,
    n.required_count = 1 or (n.code & 1 = 1 and n.required_from_here > n.required_count - 2),
    v.skill_bits,
    public.sort(v.needs),
    v.expires_at
  from marketplace.job_vectors v
  cross join lateral (
    select u.code,
      sum(1 + (u.code & 1)) over (order by u.place desc) as weight_from_here,
      sum(u.code & 1) over (order by u.place desc) as required_from_here,
      sum(u.code & 1) over () as required_count
    from unnest(v.needs) with ordinality as u (code, place)
  ) n
  where v.job_id = any (job_ids)
$$;
--> statement-breakpoint
comment on function marketplace.compute_postings(uuid[]) is 'The postings that belong to what job_vectors hold for these jobs';
--> statement-breakpoint
create or replace function marketplace.delete_postings(job_ids uuid[]) returns void
language sql
as $$
  delete from marketplace.skill_postings p
  using marketplace.compute_postings(job_ids) c
  where p.skill_id = c.skill_id
  and p.size_class = c.size_class
  and p.bound = c.bound
  and p.posted_minute = c.posted_minute
  and p.total_weight = c.total_weight
  and p.job_id = c.job_id
$$;
--> statement-breakpoint
comment on function marketplace.delete_postings(uuid[]) is 'Removes these jobs from the inverted index, found by the very keys that put them there';
--> statement-breakpoint
-- The lock on the jobs' vectors, in key order, makes two writers of one job take turns. What follows
-- it are statements of their own: at READ COMMITTED they see what the first writer committed, and at
-- higher isolation the lock itself fails with 40001 when that writer changed the vector. At higher
-- isolation the ranks of the snapshot can be older than the last refresh, whose transaction the
-- sequence names, because a sequence is read as it is now: then it is 40001 as well.
create or replace function marketplace.index_jobs(job_ids uuid[]) returns void
language plpgsql
set jit = off
as $$
declare
  changed_ids uuid[];
  last_refresh bigint;
begin
  perform pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0);
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    select last_value into last_refresh from marketplace.skill_rank_refreshes;
    if not pg_visible_in_snapshot(last_refresh::text::xid8, pg_current_snapshot()) then
      raise exception 'the ranks of skills were refreshed after this transaction began'
        using errcode = 'serialization_failure';
    end if;
  end if;
  perform from marketplace.job_vectors
  where job_id = any (job_ids)
  order by job_id
  for update;

  select array_agg(v.job_id) into changed_ids
  from marketplace.job_vectors v
  left join marketplace.compute_job_vectors(job_ids) c on c.job_id = v.job_id
  where v.job_id = any (job_ids)
  and (
    v.needs <> coalesce(c.needs, '{}')
    or (v.posted_at, v.expires_at) is distinct from (c.posted_at, c.expires_at)
  );

  if changed_ids is not null then
    perform marketplace.delete_postings(changed_ids);
  end if;

  update marketplace.job_vectors v
  set needs = c.needs, codes = c.codes, total_weight = c.total_weight, skill_bits = c.skill_bits,
    posted_at = c.posted_at, expires_at = c.expires_at, remote = c.remote, location = c.location,
    currency = c.currency, top_salary = c.top_salary
  from marketplace.compute_job_vectors(job_ids) c
  where v.job_id = c.job_id
  and v.* is distinct from c.*;

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
--> statement-breakpoint
comment on function marketplace.index_jobs(uuid[]) is 'Brings vectors and postings of these jobs up to date';
--> statement-breakpoint
-- Skills can be there already when one statement inserts both, or a trigger on jobs adds skills.
create or replace function marketplace.add_job_vectors(job_ids uuid[]) returns void
language plpgsql
as $$
declare
  skilled_ids uuid[];
begin
  insert into marketplace.job_vectors
    (job_id, needs, codes, total_weight, skill_bits, posted_at, expires_at, remote, location,
      currency, top_salary)
  select id, '{}', '{}', 0, 0::bit(256), posted_at, expires_at, remote, lower(location), currency,
    coalesce(salary_max, salary_min)
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
--> statement-breakpoint
comment on function marketplace.add_job_vectors(uuid[]) is 'Gives new jobs their vectors';
--> statement-breakpoint
-- Takes what nobody holds, so that it neither waits for an open writer with other jobs locked nor meets
-- one head-on; the caller asks for the skipped ones again.
create or replace function marketplace.reindex_jobs(
  after_job uuid, chunk integer, retried uuid[],
  out last_job uuid, out done integer, out skipped uuid[]
)
language plpgsql
as $$
declare
  chosen uuid[] := retried;
  free_ids uuid[];
begin
  if chosen is null then
    select array_agg(job_id) into chosen
    from (
      select job_id
      from marketplace.job_vectors
      where total_weight > 0
      and (after_job is null or job_id > after_job)
      order by job_id
      limit chunk
    ) next_jobs;
  end if;
  perform pg_advisory_xact_lock_shared(hashtext('marketplace.skill_ranks'), 0);
  select array_agg(job_id) into free_ids
  from (
    select job_id
    from marketplace.job_vectors
    where job_id = any (chosen)
    order by job_id
    for update skip locked
  ) free_jobs;
  if free_ids is not null then
    perform marketplace.index_jobs(free_ids);
  end if;
  last_job := chosen[cardinality(chosen)];
  skipped := array(
    select v.job_id
    from marketplace.job_vectors v
    where v.job_id = any (chosen)
    and v.job_id <> all (coalesce(free_ids, '{}'))
  );
  done := coalesce(cardinality(chosen), 0) - cardinality(skipped);
end
$$;
--> statement-breakpoint
comment on function marketplace.reindex_jobs(uuid, integer, uuid[]) is 'Brings the next jobs up to date, leaving out those that somebody holds';
--> statement-breakpoint
create or replace function marketplace.drop_job_vectors(job_ids uuid[]) returns void
language plpgsql
as $$
begin
  perform from marketplace.job_vectors
  where job_id = any (job_ids)
  order by job_id
  for update;
  perform marketplace.delete_postings(job_ids);
  delete from marketplace.job_vectors where job_id = any (job_ids);
end
$$;
--> statement-breakpoint
comment on function marketplace.drop_job_vectors(uuid[]) is 'Removes these jobs from matching';
--> statement-breakpoint
-- Only the work on keys is in the functions above, so that a row trigger could call them as well.
create or replace function marketplace.maintain_from_jobs() returns trigger
language plpgsql
as $$
declare
  gone_ids uuid[];
  new_ids uuid[];
  changed_ids uuid[];
begin
  if tg_op = 'INSERT' then
    perform marketplace.add_job_vectors(array(select id from new_jobs));
  elsif tg_op = 'DELETE' then
    perform marketplace.drop_job_vectors(array(select id from old_jobs));
  elsif tg_op = 'TRUNCATE' then
    truncate marketplace.job_vectors, marketplace.skill_postings;
  else
    select array_agg(o.id) filter (where n.id is null),
      array_agg(n.id) filter (where o.id is null),
      array_agg(n.id) filter (
        where (o.status, o.deleted_at, o.posted_at, o.expires_at, o.remote, o.location, o.currency,
            o.salary_max, o.salary_min)
          is distinct from (n.status, n.deleted_at, n.posted_at, n.expires_at, n.remote, n.location,
            n.currency, n.salary_max, n.salary_min)
      )
    into gone_ids, new_ids, changed_ids
    from old_jobs o
    full join new_jobs n on n.id = o.id;
    if gone_ids is not null then
      perform marketplace.drop_job_vectors(gone_ids);
      perform marketplace.add_job_vectors(new_ids);
    end if;
    if changed_ids is not null then
      perform marketplace.index_jobs(changed_ids);
    end if;
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function marketplace.maintain_from_jobs() is 'Keeps job_vectors and skill_postings right when jobs change';
--> statement-breakpoint
create or replace trigger jobs_maintain_inserted
after insert on marketplace.jobs
referencing new table as new_jobs
for each statement execute function marketplace.maintain_from_jobs();
--> statement-breakpoint
create or replace trigger jobs_maintain_updated
after update on marketplace.jobs
referencing old table as old_jobs new table as new_jobs
for each statement execute function marketplace.maintain_from_jobs();
--> statement-breakpoint
create or replace trigger jobs_maintain_deleted
after delete on marketplace.jobs
referencing old table as old_jobs
for each statement execute function marketplace.maintain_from_jobs();
--> statement-breakpoint
create or replace trigger jobs_maintain_truncated
after truncate on marketplace.jobs
for each statement execute function marketplace.maintain_from_jobs();
--> statement-breakpoint
create or replace function marketplace.maintain_from_job_skills() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'INSERT' then
    perform marketplace.index_jobs(array(select distinct job_id from new_job_skills));
  elsif tg_op = 'DELETE' then
    perform marketplace.index_jobs(array(select distinct job_id from old_job_skills));
  elsif tg_op = 'TRUNCATE' then
    truncate marketplace.skill_postings;
    update marketplace.job_vectors
    set needs = '{}', codes = '{}', total_weight = 0, skill_bits = 0::bit(256)
    where total_weight > 0;
  else
    perform marketplace.index_jobs(array(
      select job_id from new_job_skills
      union
      select job_id from old_job_skills
    ));
  end if;
  return null;
end
$$;
--> statement-breakpoint
comment on function marketplace.maintain_from_job_skills() is 'Keeps job_vectors and skill_postings right when job_skills change';
--> statement-breakpoint
create or replace trigger job_skills_maintain_inserted
after insert on marketplace.job_skills
referencing new table as new_job_skills
for each statement execute function marketplace.maintain_from_job_skills();
--> statement-breakpoint
create or replace trigger job_skills_maintain_updated
after update on marketplace.job_skills
referencing old table as old_job_skills new table as new_job_skills
for each statement execute function marketplace.maintain_from_job_skills();
--> statement-breakpoint
create or replace trigger job_skills_maintain_deleted
after delete on marketplace.job_skills
referencing old table as old_job_skills
for each statement execute function marketplace.maintain_from_job_skills();
--> statement-breakpoint
create or replace trigger job_skills_maintain_truncated
after truncate on marketplace.job_skills
for each statement execute function marketplace.maintain_from_job_skills();
--> statement-breakpoint
-- For a database that had jobs before it had this index.
do $$
begin
  if exists (
    select from marketplace.jobs j
    where not exists (select from marketplace.job_vectors v where v.job_id = j.id)
  ) then
    perform marketplace.add_job_vectors(array(
      select j.id from marketplace.jobs j
      where not exists (select from marketplace.job_vectors v where v.job_id = j.id)
    ));
    perform marketplace.index_jobs(array(select id from marketplace.jobs));
  end if;
end
$$;
--> statement-breakpoint
create or replace function marketplace.check_job_index()
returns table (problem text, job_id uuid, skill_id integer)
language sql stable
set jit = off
as $$
  -- In pieces of the id range nothing would be gained: both sides are read once and hashed.
  with expected_vectors as (
    select c.* from marketplace.compute_job_vectors(array(select id from marketplace.jobs)) c
  ),
  expected_postings as (
    select c.* from marketplace.compute_postings(array(select v.job_id from marketplace.job_vectors v)) c
  ),
  wrong_vectors as (
    select case when v.job_id is null then 'vector missing' when e.job_id is null then 'vector of no job' else 'vector differs' end,
      coalesce(e.job_id, v.job_id), null::integer
    from expected_vectors e
    full join marketplace.job_vectors v on v.job_id = e.job_id
    where v.job_id is null
    or e.job_id is null
    -- The order may be that of older ranks, so the skills are compared as a set.
    or (v.codes, v.total_weight, v.skill_bits, v.posted_at, v.expires_at, v.remote, v.location, v.currency, v.top_salary)
      is distinct from (e.codes, e.total_weight, e.skill_bits, e.posted_at, e.expires_at, e.remote, e.location, e.currency, e.top_salary)
    or public.sort(v.needs) <> public.sort(e.needs)
  ),
  -- An order that neither rank explains would break the limit that match_ranges puts on job sizes.
  misordered_vectors as (
    select 'vector in no known order', v.job_id, null::integer
    from marketplace.job_vectors v
    cross join lateral (
      select array_agg(u.code order by coalesce(r.rank, 0), u.code) as by_rank,
        array_agg(u.code order by coalesce(r.prior_rank, 0), u.code) as by_prior_rank
      from unnest(v.needs) u (code)
      left join marketplace.skill_ranks r on r.skill_id = u.code >> 3
    ) o
    where v.needs <> o.by_rank
    and v.needs <> o.by_prior_rank
  ),
  wrong_postings as (
    select case when p.job_id is null then 'posting missing' else 'posting too many' end,
      coalesce(e.job_id, p.job_id), coalesce(e.skill_id, p.skill_id)
    from expected_postings e
    full join marketplace.skill_postings p
      on p.job_id = e.job_id and p.skill_id = e.skill_id and p.size_class = e.size_class
      and p.bound = e.bound and p.posted_minute = e.posted_minute
      and p.total_weight = e.total_weight and p.skill_bits = e.skill_bits and p.needs = e.needs
      and p.expires_at is not distinct from e.expires_at
      and p.near_gap = e.near_gap
    where p.job_id is null
    or e.job_id is null
  )
  select * from wrong_vectors
  union all
  select * from misordered_vectors
  union all
  select * from wrong_postings
$$;
--> statement-breakpoint
comment on function marketplace.check_job_index() is 'Computes job_vectors and skill_postings anew and lists every difference';
--> statement-breakpoint
-- What a person's skills mean to the searches below, worked out once for each search.
do $$
begin
  if to_regtype('marketplace.held_skills') is null then
    create type marketplace.held_skills as (
      skill_ids integer[],
      -- How many of the person's skills stand at or after this one, in whichever order gives more.
      reaches integer[],
      -- Codes of needs that are met in full, and of those among them that are required.
      full_codes integer[],
      full_required integer[],
      -- Codes of the needs whose weight times fit, in twelfths, has the bit of 1, 2, 4, 8, 16.
      ones integer[],
      twos integer[],
      fours integer[],
      eights integer[],
      sixteens integer[],
      missing_bits bit(256)
    );
  end if;
end
$$;
--> statement-breakpoint
-- The arrays are in the order of codes because the rows that they are made of are. In PL/pgSQL, because the
-- plan of an SQL function that cannot be inlined is made at each call.
create or replace function marketplace.read_held_skills(person uuid) returns marketplace.held_skills
language plpgsql stable
set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  skills marketplace.held_skills;
begin
  with held as (
    select us.skill_id, marketplace.level_number(us.level) as level,
      greatest(
        count(*) over (order by coalesce(r.rank, 0) desc, us.skill_id desc),
        count(*) over (order by coalesce(r.prior_rank, 0) desc, us.skill_id desc)
      )::integer as reach
    from marketplace.user_skills us
    left join marketplace.skill_ranks r on r.skill_id = us.skill_id
    where us.user_id = person
  ),
  needs as (
    select h.skill_id * 8 + l.step as code, l.required, least(12, 12 * h.level / l.level) as twelfths,
      (1 + l.required) * least(12, 12 * h.level / l.level) as share
    from held h
    cross join (
      values (0, 1, 0), (1, 1, 1), (2, 2, 0), (3, 2, 1), (4, 3, 0), (5, 3, 1), (6, 4, 0), (7, 4, 1)
    ) l (step, level, required)
    order by code
  )
  select h.skill_ids, h.reaches, n.full_codes, n.full_required, n.ones, n.twos, n.fours, n.eights, n.sixteens,
    h.missing_bits
  into skills
  from (
    select array_agg(skill_id) as skill_ids, array_agg(reach) as reaches,
      ~bit_or(marketplace.skill_bits(skill_id, true)) as missing_bits
    from held
  ) h
  cross join (
    select coalesce(array_agg(code) filter (where twelfths = 12), '{}') as full_codes,
      coalesce(array_agg(code) filter (where twelfths = 12 and required = 1), '{}') as full_required,
      coalesce(array_agg(code) filter (where share & 1 > 0), '{}') as ones,
      coalesce(array_agg(code) filter (where share & 2 > 0), '{}') as twos,
      coalesce(array_agg(code) filter (where share & 4 > 0), '{}') as fours,
      coalesce(array_agg(code) filter (where share & 8 > 0), '{}') as eights,
      coalesce(array_agg(code) filter (where share & 16 > 0), '{}') as sixteens
    from needs
  ) n;
  return skills;
end
$$;
--> statement-breakpoint
comment on function marketplace.read_held_skills(uuid) is 'A person''s skills as arrays, ready for the match functions; all null for a person without skills';
--> statement-breakpoint
-- Inlined. To look every need up among the person's codes and add up took 13 to 19 microseconds a job, and so
-- it is 4 to 8, for people with 5 to 60 skills.
create or replace function marketplace.score_needs(needs integer[], total_weight integer, held marketplace.held_skills)
returns integer
language sql immutable parallel safe
as $$
  select (public.icount(needs operator(public.&) held.ones)
    + 2 * public.icount(needs operator(public.&) held.twos)
    + 4 * public.icount(needs operator(public.&) held.fours)
    + 8 * public.icount(needs operator(public.&) held.eights)
    + 16 * public.icount(needs operator(public.&) held.sixteens)) * 10000 / (12 * total_weight)
$$;
--> statement-breakpoint
comment on function marketplace.score_needs(integer[], integer, marketplace.held_skills) is 'The score of a job with these needs, in basis points';
--> statement-breakpoint
-- Few jobs pass a selective filter, so all of them are scored. The values are written into the text
-- of the statement, so that it is planned for them. Returns nothing when more than `most` pass.
create or replace function marketplace.match_filtered_jobs(
  held marketplace.held_skills, most integer, wanted integer, at timestamptz, qualified_only boolean,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out is_done boolean, out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
set jit = off
as $$
declare
  passing constant text := concat_ws(' and ', 'v.total_weight > 0',
    'v.remote = ' || quote_literal(remote_only),
    'v.location = ' || quote_literal(lower(place)),
    'v.currency = ' || quote_literal(pay_currency),
    'v.top_salary >= ' || quote_literal(least_salary));
  passing_count integer;
begin
  execute format('select count(*) from (select from marketplace.job_vectors v where %s limit %s) j', passing, most + 1)
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
      and (not $4 or public.icount(v.codes operator(public.&) ($1).full_required) = v.total_weight - cardinality(v.needs))
      and ($5 is null or (s.score, v.posted_at, v.job_id) < ($5, $6, $7))
      order by s.score desc, v.posted_at desc, v.job_id desc
      limit $2
    ) m
  $query$, passing)
    into job_ids, scores, posted
    using held, wanted, at, qualified_only, after_score, after_posted, after_job;
end
$$;
--> statement-breakpoint
comment on function marketplace.match_filtered_jobs is 'match_jobs for a filter that few jobs pass';
--> statement-breakpoint
-- The last byte of an id decides.
create or replace function marketplace.sample_share(job uuid) returns integer
language sql immutable parallel safe
as $$
  select width_bucket(get_byte(uuid_send(job), 15), array[1, 16])
$$;
--> statement-breakpoint
comment on function marketplace.sample_share(uuid) is '0 for one job in 256, 1 for those that with it make one in 16, 2 for all others';
--> statement-breakpoint
-- How good the best matches are, from one job in 16: the score of the n-th best match of a sample of one in m
-- is about that of the n * m-th best of all, and `nth` is the one to begin with. One in 256 tells what is too
-- little to be read of one in 16, and where even it has full matches, it is enough. What seems best by the
-- signature is scored; more of it when a filter or a cursor leaves most jobs out.
create or replace function marketplace.sample_matches(
  held marketplace.held_skills, wanted integer, at timestamptz, qualified_only boolean, remote_only boolean,
  place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out one_in integer, out nth integer, out scores integer[], out posted timestamptz[]
)
language plpgsql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
declare
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  is_narrowed constant boolean :=
    num_nonnulls(remote_only, place, least_salary, pay_currency, after_score) > 0 or qualified_only;
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
              and (p.total_weight - bit_count(p.skill_bits & held.missing_bits)) * 10000 >= p.total_weight * least_score
              and (not qualified_only or bit_count(p.skill_bits & required_missing) = 0)
            order by bit_count(p.skill_bits & held.missing_bits) * 10000 / p.total_weight
            limit case when is_narrowed then 50 else 5 end * (wanted + 3)
          ) p
        ) p
      ) s
      join marketplace.job_vectors v on v.job_id = s.job_id
      where s.score > 0
      and (v.expires_at is null or v.expires_at > at)
      and (remote_only is null or v.remote = remote_only)
      and (place is null or v.location = lower(place))
      and (pay_currency is null or v.currency = pay_currency)
      and (least_salary is null or v.top_salary >= least_salary)
      and (not qualified_only or public.icount(v.codes operator(public.&) held.full_required) = v.total_weight - cardinality(v.needs))
      and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
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
--> statement-breakpoint
comment on function marketplace.sample_matches is 'The best matches among a share of the jobs, to guess the least score of a page from';
--> statement-breakpoint
-- A round reads every posting that can belong to a score of t or more: bound >= t from the job's side; from
-- the person's side, with n of their skills at or after this one, at most 2 n of the weight can match, so
-- the job cannot be heavier than 2 n / t. The signature counts what is surely missing. Of those that can have t
-- and not more, only jobs posted since `since` count. What is left is scored once for each job, from the needs that
-- the posting carries; only who reaches t is looked up. When the last wanted match is at or above (t, since),
-- nothing unread can beat or tie it; otherwise both are lowered.
-- The first t is guessed from a sample, so that one round does nearly always.
-- The planner knows nothing of what the arrays hold and must not try: the plan is nested index scans.
create or replace function marketplace.match_jobs(
  person uuid, wanted integer, at timestamptz, qualified_only boolean, remote_only boolean,
  place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid
) returns table (job_id uuid, score integer, posted_at timestamptz)
language plpgsql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  -- Its arrays are read as fields: copied into variables they would be unpacked at every call.
  held constant marketplace.held_skills := marketplace.read_held_skills(person);
  is_filtered constant boolean := num_nonnulls(remote_only, place, pay_currency) > 0;
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  missing constant bit(256) := held.missing_bits;
  -- Up to so many jobs that pass a filter, scoring them all is the faster way.
  most integer := coalesce(nullif(current_setting('azora_db.score_all_up_to', true), '')::integer, 2000);
  filtered record;
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

  for attempt in 1..2 loop
    if is_filtered then
      filtered := marketplace.match_filtered_jobs(held, most, wanted, at, qualified_only, remote_only, place,
        least_salary, pay_currency, after_score, after_posted, after_job);
      if filtered.is_done then
        return query select * from unnest(filtered.job_ids, filtered.scores, filtered.posted);
        return;
      end if;
    end if;
    exit when attempt = 2;
    sample := marketplace.sample_matches(held, wanted, at, qualified_only, remote_only, place,
      least_salary, pay_currency, after_score, after_posted, after_job);
    nth := sample.nth;
    -- Too few matches for a guess: then all that pass the filter are few enough for this.
    exit when cardinality(sample.scores) >= nth;
    most := 50 * most;
  end loop;

  loop
    -- A guess that was too high costs less than one that is too low, so t falls by a tenth at most while there
    -- are guesses; when there are none left, few jobs match at all, and t falls fast.
    guessed := coalesce(sample.scores[nth], 0);
    if t is null or guessed * 10 >= t * 9 then
      t := guessed;
      since := case when t = 0 then '-infinity' else sample.posted[nth] end;
      nth := nth + 1 + wanted / sample.one_in;
    else
      t := case when guessed > 0 then t * 9 / 10 when t > 200 then t / 2 else 0 end;
      since := '-infinity';
    end if;
    since_minute := case when since = '-infinity' then -2147483648 else marketplace.minute_of(since) end;

    select array_agg(h.skill_id), array_agg(c.size_class),
      array_agg(case when t = 0 then 32767 else least(32767, 20000 * h.reach / t) end)
    into range_skills, range_classes, range_weights
    from unnest(held.skill_ids, held.reaches) h (skill_id, reach)
    join unnest(array[0, 1, 2, 3, 4, 5]::smallint[], array[1, 9, 17, 25, 33, 49]) c (size_class, least_weight)
      on c.least_weight * t <= 20000 * h.reach;

    select array_agg(m.job_id), array_agg(m.score), array_agg(m.posted_at)
    into job_ids, scores, posted
    from (
      select v.job_id, s.score, v.posted_at
      from (
        select p.job_id, marketplace.score_needs(p.needs, p.total_weight, held) as score, p.least_score
        from (
          select distinct on (p.job_id) p.job_id, p.needs, p.total_weight, l.least_score
          from unnest(range_skills, range_classes, range_weights) r (skill_id, size_class, most_weight)
          join marketplace.skill_postings p
            on p.skill_id = r.skill_id
            and p.size_class = r.size_class
            and (p.bound, p.posted_minute) >= (t, since_minute)
            and p.total_weight <= r.most_weight
          cross join lateral (select case when p.posted_minute >= since_minute then t else t + 1 end) l (least_score)
          where (p.total_weight - bit_count(p.skill_bits & missing)) * 10000 >= p.total_weight * l.least_score
          and (not qualified_only or bit_count(p.skill_bits & required_missing) = 0)
        ) p
      ) s
      join marketplace.job_vectors v on v.job_id = s.job_id
      where s.score >= greatest(1, s.least_score)
      and (v.expires_at is null or v.expires_at > at)
      and (remote_only is null or v.remote = remote_only)
      and (place is null or v.location = lower(place))
      and (pay_currency is null or v.currency = pay_currency)
      and (least_salary is null or v.top_salary >= least_salary)
      and (not qualified_only or public.icount(v.codes operator(public.&) held.full_required) = v.total_weight - cardinality(v.needs))
      and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
      order by s.score desc, v.posted_at desc, v.job_id desc
      limit wanted
    ) m;

    if t = 0 or (cardinality(job_ids) = wanted and (scores[wanted], posted[wanted]) >= (t, since)) then
      return query select * from unnest(job_ids, scores, posted);
      return;
    end if;
  end loop;
end
$$;
--> statement-breakpoint
comment on function marketplace.match_jobs is 'The open jobs that fit a person best: score, then the newer, then the greater id';
--> statement-breakpoint
-- Reads all holders of each of the job's skills from one index, and adds up. Reading the rarest lists until
-- nobody unread can be among the first, with a look-up of every other skill of each holder, took 190 ms
-- at the median and 3.9 s at the 95th percentile, for 1,000,000 jobs and 100,000 people of ESCO.
create or replace function marketplace.match_candidates(
  job uuid, wanted integer, qualified_only boolean, verified_only boolean,
  after_score integer, after_verified integer, after_endorsements integer, after_user uuid
) returns table (user_id uuid, score integer, verified_count integer, endorsement_count integer)
language sql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set max_parallel_workers_per_gather = 0 set work_mem = '64MB'
as $$
  with needs as (
    select skill_id, level, 1 + required::integer as weight, required
    from marketplace.job_skills
    where job_id = job
  ),
  totals as (
    select sum(weight) as weight, count(*) filter (where required) as required_count
    from needs
  ),
  people as (
    select us.user_id,
      (sum(n.weight * marketplace.fit_twelfths(us.level, n.level)) * 10000
        / (12 * (select weight from totals)))::integer as score,
      count(*) filter (where n.required and us.level >= n.level) as required_met,
      (count(us.verified_at) filter (where us.level >= n.level))::integer as verified_count,
      coalesce(sum(us.endorsements) filter (where us.level >= n.level), 0)::integer as endorsement_count
    from needs n
    join marketplace.user_skills us on us.skill_id = n.skill_id
    where not verified_only or us.verified_at is not null
    group by us.user_id
  )
  -- Sorted before users are looked up, of whom only the first are needed.
  select p.user_id, p.score, p.verified_count, p.endorsement_count
  from (
    select *
    from people
    where score > 0
    and (not qualified_only or required_met = (select required_count from totals))
    and (
      after_score is null
      or (-score, -verified_count, -endorsement_count, user_id)
        > (-after_score, -after_verified, -after_endorsements, after_user)
    )
    order by score desc, verified_count desc, endorsement_count desc, user_id
    offset 0
  ) p
  join identity.users u on u.id = p.user_id and u.deleted_at is null
  order by p.score desc, p.verified_count desc, p.endorsement_count desc, p.user_id
  limit wanted
$$;
--> statement-breakpoint
comment on function marketplace.match_candidates is 'The people who fit a job best: score, then verified and endorsed skills, then the smaller id';
--> statement-breakpoint
-- A job that lacks exactly one required skill of a person either has another of its two rarest required
-- skills met, or asks for one skill only: near_gap marks the postings that find it. Its signature then
-- has at most one required bit that is not among the person's.
create or replace function marketplace.find_skill_gaps(person uuid, wanted integer, example_count integer, at timestamptz)
returns table (skill_id integer, level integer, job_count bigint, job_ids uuid[])
language plpgsql stable
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
set enable_bitmapscan = off set enable_material = off set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  held constant marketplace.held_skills := marketplace.read_held_skills(person);
  required_missing constant bit(256) := held.missing_bits & (~(0::bit(256)) >> 128);
  full_required constant integer[] := held.full_required;
begin
  if held.skill_ids is null then
    return;
  end if;
  return query
  with near_jobs as materialized (
    select g.code, p.job_id, p.posted_minute
    from (
      select distinct p.job_id, p.posted_minute, p.needs
      from unnest(held.skill_ids) h (skill_id)
      join marketplace.skill_postings p
        on p.skill_id = h.skill_id
        and p.near_gap
        and bit_count(p.skill_bits & required_missing) <= 1
        and public.icount(p.needs operator(public.&) full_required) = p.total_weight - cardinality(p.needs) - 1
        and (p.expires_at is null or p.expires_at > at)
    ) p
    cross join lateral (
      select n.code
      from unnest(p.needs operator(public.-) full_required) n (code)
      where n.code & 1 = 1
    ) g
  ),
  counts as (
    select code, count(*) as job_count
    from near_jobs
    group by code
  ),
  -- Whoever reaches a level has reached the lower ones, and the jobs that ask for those as well.
  gaps as (
    select code, code >> 3 as skill_id,
      sum(job_count) over (partition by code >> 3 order by code)::bigint as job_count
    from counts
  ),
  best_gaps as (
    select code, skill_id, job_count
    from gaps
    order by job_count desc, code
    limit wanted
  )
  select b.skill_id, (b.code >> 1 & 3) + 1, b.job_count,
    -- The minute leaves a few, of whom the instant decides.
    array(
      select v.job_id
      from (
        select n.job_id
        from near_jobs n
        where n.code >> 3 = b.skill_id
        and n.code <= b.code
        order by n.posted_minute desc
        fetch first (example_count) rows with ties
      ) newest
      join marketplace.job_vectors v on v.job_id = newest.job_id
      order by v.posted_at desc, v.job_id desc
      limit example_count
    )
  from best_gaps b
  order by b.job_count desc, b.code;
end
$$;
--> statement-breakpoint
comment on function marketplace.find_skill_gaps is 'Which single skill or level opens how many jobs that a person nearly qualifies for';
