-- Packed jobs: jobs that ask for much the same stand in blocks, and one number for each of a block's skills holds
-- what the skill is worth in all of its jobs, so that a few additions score hundreds of jobs at once. The triggers put a
-- job that is new or changed among the postings, as before; packing takes it from there. Every statement may run
-- again. All tables but those of the packed jobs, which are empty at first, are left as they are.
alter table marketplace.packed_shares alter column shares set storage plain;
--> statement-breakpoint
-- Room for the next block, so that adding it to a group stays on the page.
alter table marketplace.packed_bounds alter column bounds set storage plain, set (fillfactor = 70);
--> statement-breakpoint
comment on table marketplace.packed_jobs is 'Where in the blocks a packed job is';
--> statement-breakpoint
comment on table marketplace.packed_shares is 'What a skill is worth in each job of a block';
--> statement-breakpoint
comment on table marketplace.packed_bounds is 'What a skill is worth at most in each block of a group';
--> statement-breakpoint
-- Rounded up, so that a job's sum is never below its score, and above it by less than one for each of its skills.
create or replace function marketplace.packed_share(held marketplace.skill_level, code integer, total_weight integer) returns integer
language sql immutable parallel safe
as $$
  select (1900 * (1 + (code & 1)) * least(12, 12 * marketplace.level_number(held) / ((code >> 1 & 3) + 1)) + 12 * total_weight - 1) / (12 * total_weight)
$$;
--> statement-breakpoint
comment on function marketplace.packed_share(marketplace.skill_level, integer, integer) is 'What a skill held at a level is worth for a need of a job, in 1/1900 of the job''s weight';
--> statement-breakpoint
create or replace function marketplace.read_block(block integer)
returns table (place integer, job_id uuid, skill_id integer, code integer, total_weight integer)
language sql stable
as $$
  select (p.slot % 512)::integer, p.job_id, n.code >> 3, n.code, v.total_weight
  from marketplace.packed_jobs p
  join marketplace.job_vectors v on v.job_id = p.job_id
  cross join unnest(v.needs) n (code)
  where p.slot >= block::bigint * 512
  and p.slot < (block::bigint + 1) * 512
$$;
--> statement-breakpoint
comment on function marketplace.read_block(integer) is 'The needs of the jobs that are in a block';
--> statement-breakpoint
create or replace function marketplace.compute_packed_shares(block integer)
returns setof marketplace.packed_shares
language sql stable
as $$
  select skill_id, level, block,
    (string_agg(repeat('0000', gap) || lpad(marketplace.packed_share(level, code, total_weight)::text, 4, '0'), '' order by place)
      || repeat('0000', 511 - max(place)))::numeric
  from (
    select skill_id, place, code, total_weight,
      place - 1 - coalesce(lag(place) over (partition by skill_id order by place), -1) as gap
    from marketplace.read_block(block)
  ) needs
  cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
  group by skill_id, level
$$;
--> statement-breakpoint
comment on function marketplace.compute_packed_shares(integer) is 'What packed_shares should hold of a block''s jobs';
--> statement-breakpoint
-- Takes those of the jobs that nobody holds, with a required skill, by which match_qualified_jobs finds them.
create or replace function marketplace.pack_block(job_ids uuid[]) returns integer
language plpgsql
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
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
  block := nextval('marketplace.packed_blocks');
  insert into marketplace.packed_jobs (slot, job_id)
  select block::bigint * 512 + row_number() over (order by v.total_weight, v.job_id) - 1, v.job_id
  from marketplace.job_vectors v
  where v.job_id = any (free_ids);
  insert into marketplace.packed_shares
  select * from marketplace.compute_packed_shares(block);
  insert into marketplace.packed_bounds as b (skill_id, level, group_id, bounds)
  select n.skill_id, l.level, block / 256,
    (max(marketplace.packed_share(l.level, n.code, n.total_weight)) || repeat('00000000', 255 - block % 256))::numeric
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
--> statement-breakpoint
comment on function marketplace.pack_block(uuid[]) is 'Packs these jobs in a new block, and says how many';
--> statement-breakpoint
-- A run packs into groups of its own, so that unpack_jobs can tell its blocks from older ones.
create or replace function marketplace.begin_packed_group() returns integer
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  return setval('marketplace.packed_blocks', (last_value + is_called::integer + 255) / 256 * 256, false)
  from marketplace.packed_blocks;
end
$$;
--> statement-breakpoint
comment on function marketplace.begin_packed_group() is 'Leaves the blocks of the group that is begun unused, and says the number of the next one';
--> statement-breakpoint
-- For jobs that have no place in a newer block.
create or replace function marketplace.unpack_jobs(before_block integer, chunk integer) returns integer
language plpgsql
set jit = off set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off
as $$
declare
  free_ids uuid[];
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  select array_agg(job_id) into free_ids
  from (
    select v.job_id
    from marketplace.packed_jobs p
    join marketplace.job_vectors v on v.job_id = p.job_id
    where p.slot < before_block::bigint * 512
    order by p.slot
    limit chunk
    for update of v skip locked
  ) free_jobs;
  if free_ids is null then
    return 0;
  end if;
  perform marketplace.delete_postings(free_ids);
  delete from marketplace.packed_jobs where job_id = any (free_ids);
  insert into marketplace.skill_postings
  select * from marketplace.compute_postings(free_ids);
  return cardinality(free_ids);
end
$$;
--> statement-breakpoint
comment on function marketplace.unpack_jobs(integer, integer) is 'Puts jobs of the blocks before this one back among the postings, and says how many';
--> statement-breakpoint
-- A block is never seen before its jobs are in it.
create or replace function marketplace.drop_empty_blocks(after_skill integer, chunk integer) returns integer
language plpgsql
set jit = off
as $$
declare
  last_skill integer;
  occupied integer[];
begin
  perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
  select max(skill_id) into last_skill
  from (
    select distinct skill_id
    from marketplace.packed_bounds
    where after_skill is null or skill_id > after_skill
    order by skill_id
    limit chunk
  ) skills;
  occupied := array(select distinct (slot / 512)::integer from marketplace.packed_jobs);
  with dropped as (
    delete from marketplace.packed_shares
    where (after_skill is null or skill_id > after_skill)
    and skill_id <= last_skill
    and block_id not in (select block from unnest(occupied) o (block))
    returning skill_id, level, block_id
  ),
  digits as (
    select d.skill_id, d.level, b.group_id,
      sum((marketplace.vector_field(b.bounds, d.block_id % 256, 8) || repeat('00000000', 255 - d.block_id % 256))::numeric) as of_blocks
    from dropped d
    join marketplace.packed_bounds b on b.skill_id = d.skill_id and b.level = d.level and b.group_id = d.block_id / 256
    group by d.skill_id, d.level, b.group_id
  )
  update marketplace.packed_bounds b
  set bounds = b.bounds - d.of_blocks
  from digits d
  where b.skill_id = d.skill_id
  and b.level = d.level
  and b.group_id = d.group_id;
  delete from marketplace.packed_bounds
  where (after_skill is null or skill_id > after_skill)
  and skill_id <= last_skill
  and bounds = 0;
  return last_skill;
end
$$;
--> statement-breakpoint
comment on function marketplace.drop_empty_blocks(integer, integer) is 'Removes, for the next skills, what is left of blocks that all jobs have left, and says which skill was the last';
--> statement-breakpoint
-- Of a packed job only those that findSkillGaps reads, in a size class of their own, which searches leave out.
create or replace function marketplace.compute_postings(job_ids uuid[])
returns setof marketplace.skill_postings
language sql stable
as $$
  select n.skill_id,
    case when p.is_packed then 6 else marketplace.size_class(v.total_weight) end,
    ((n.weight_from_here * 10000 + v.total_weight - 1) / v.total_weight)::smallint,
    marketplace.minute_of(v.posted_at),
    v.total_weight::smallint,
    v.job_id,
    n.near_gap,
    v.skill_bits,
    public.sort(v.needs),
    v.expires_at
  from marketplace.job_vectors v
  cross join lateral (
    select exists (select from marketplace.packed_jobs j where j.job_id = v.job_id) as is_packed
    offset 0
  ) p
  cross join lateral (
    select r.code >> 3 as skill_id, r.weight_from_here,
      r.required_count = 1 or (r.code & 1 = 1 and r.required_from_here > r.required_count - 2) as near_gap
    from (
      select u.code,
        sum(1 + (u.code & 1)) over (order by u.place desc) as weight_from_here,
        sum(u.code & 1) over (order by u.place desc) as required_from_here,
        sum(u.code & 1) over () as required_count
      from unnest(v.needs) with ordinality as u (code, place)
    ) r
  ) n
  where v.job_id = any (job_ids)
  and (n.near_gap or not p.is_packed)
$$;
--> statement-breakpoint
-- A job whose skills have changed leaves its block. Times and the order of its needs do not matter there.
create or replace function marketplace.index_jobs(job_ids uuid[]) returns void
language plpgsql
set jit = off
as $$
declare
  changed_ids uuid[];
  leaving_ids uuid[];
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
  delete from marketplace.packed_jobs p where p.job_id = any (job_ids);
  delete from marketplace.job_vectors where job_id = any (job_ids);
end
$$;
--> statement-breakpoint
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
    -- Packing takes rows of vectors first and then these tables, in whatever order.
    perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
    truncate marketplace.job_vectors, marketplace.skill_postings, marketplace.packed_jobs, marketplace.packed_shares,
      marketplace.packed_bounds;
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
create or replace function marketplace.maintain_from_job_skills() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'INSERT' then
    perform marketplace.index_jobs(array(select distinct job_id from new_job_skills));
  elsif tg_op = 'DELETE' then
    perform marketplace.index_jobs(array(select distinct job_id from old_job_skills));
  elsif tg_op = 'TRUNCATE' then
    perform pg_advisory_xact_lock(hashtext('marketplace.packed_jobs'), 0);
    truncate marketplace.skill_postings, marketplace.packed_jobs, marketplace.packed_shares,
      marketplace.packed_bounds;
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
-- Exact, from what job_vectors hold now. Here and below the settings are those of match_jobs, which calls them: to set them
-- again takes 0.1 ms.
create or replace function marketplace.match_slots(
  slots bigint[], held marketplace.held_skills, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
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
    and (v.expires_at is null or v.expires_at > at)
    and (remote_only is null or v.remote = remote_only)
    and (place is null or v.location = lower(place))
    and (pay_currency is null or v.currency = pay_currency)
    and (least_salary is null or v.top_salary >= least_salary)
    and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;
--> statement-breakpoint
comment on function marketplace.match_slots is 'The best of the packed jobs at these places';
--> statement-breakpoint
-- As binary, because a digit of numeric is four decimal ones, in 16 bits; as text of it, the same took twice as long. The
-- head of 64 bits and one digit that keeps leading zeros come before the first place. Inlined.
create or replace function marketplace.vector_bits(vector numeric) returns bit varying
language sql immutable parallel safe
as $$
  select ('x' || encode(numeric_send(vector), 'hex'))::bit(8272)
$$;
--> statement-breakpoint
comment on function marketplace.vector_bits(numeric) is 'A vector that 1000 stands before, as bits: place n begins at bit 80 + n times its width, counted from 0';
--> statement-breakpoint
create or replace function marketplace.places_mask(least_share integer, width integer) returns bit
language sql immutable parallel safe
as $$
  select ('x' || repeat(lpad(to_hex(65536 - (1 << (length(ltrim(least_share::bit(16)::text, '0')) - 1))), width / 4, 'f'), 512 / width))::bit(512)
$$;
--> statement-breakpoint
comment on function marketplace.places_mask(integer, integer) is 'For 512 bits of a vector: those of which a number that is not less has one at least';
--> statement-breakpoint
-- Inlined. To read a number takes 0.3 microseconds, to see that none of 512 bits is wanted 0.35.
create or replace function marketplace.reached_places(bits bit varying, width integer, mask bit, least_share bit)
returns table (place integer, share bit)
language sql immutable parallel safe
as $$
  select i.place, substring(bits from 81 + width * i.place for width)
  from generate_series(0, 7680, 512) c (first_bit)
  cross join generate_series(c.first_bit / width, (c.first_bit + 511) / width) i (place)
  where substring(bits from 81 + c.first_bit for 512) & mask <> 0::bit(512)
  and substring(bits from 81 + width * i.place for width) >= least_share
$$;
--> statement-breakpoint
comment on function marketplace.reached_places(bit varying, integer, bit, bit) is 'The places of a vector that have so much, or more; the mask is that of so much, or less';
--> statement-breakpoint
-- From the top: half as much at a time, until there are enough.
create or replace function marketplace.best_places(
  ids integer[], vectors bit varying[], width integer, most_share integer, wanted integer,
  out places bigint[], out shares integer[]
)
language plpgsql immutable
as $$
declare
  least_share integer := 2048;
  mask bit(512);
  lowest bit varying;
begin
  loop
    least_share := case when least_share > 128 then least_share / 2 else 1 end;
    continue when least_share > greatest(1, most_share);
    mask := marketplace.places_mask(least_share, width);
    lowest := substring(least_share::bit(32) from 33 - width);
    select array_agg(b.place), array_agg(b.share) into places, shares
    from (
      select v.id::bigint * (8192 / width) + r.place as place, r.share::integer as share
      from unnest(ids, vectors) v (id, bits)
      cross join marketplace.reached_places(v.bits, width, mask, lowest) r
      where r.share::integer <= most_share
      order by r.share desc
      limit wanted
    ) b;
    exit when cardinality(places) = wanted or least_share = 1;
  end loop;
end
$$;
--> statement-breakpoint
comment on function marketplace.best_places is 'Where these vectors have most, but not more than so much, best first: a vector''s id times the places of one, and the place in it';
--> statement-breakpoint
-- All jobs may have left a block. Only called from match_packed_jobs, as the next one.
create or replace function marketplace.find_first_slots(
  person uuid, group_ids integer[], bounds bit varying[], most_share integer, block_count integer, slot_count integer,
  out is_all boolean, out slots bigint[], out shares integer[]
)
language plpgsql stable
as $$
declare
  zeros constant numeric := '1000' || repeat('0', 2048);
  blocks integer[];
  best record;
  sums record;
begin
  -- While jobs are packed anew, as many blocks are empty as not.
  best := marketplace.best_places(group_ids, bounds, 32, 2147483647, 2 * block_count);
  select array_agg(b.id) into blocks
  from (
    select u.id::integer as id
    from unnest(best.places) u (id)
    where exists (select from marketplace.packed_jobs p where p.slot >= u.id * 512 and p.slot < (u.id + 1) * 512)
    limit block_count
  ) b;
  select array_agg(s.block_id) as ids, array_agg(s.bits) as bits into sums
  from (
    select s.block_id, marketplace.vector_bits(zeros + sum(s.shares)) as bits
    from marketplace.user_skills us
    join marketplace.packed_shares s on s.skill_id = us.skill_id and s.level = us.level and s.block_id = any (blocks)
    where us.user_id = person
    group by s.block_id
  ) s;
  is_all := coalesce(cardinality(best.places), 0) < 2 * block_count and coalesce(cardinality(blocks), 0) < block_count;
  best := marketplace.best_places(sums.ids, sums.bits, 16, most_share, slot_count);
  is_all := is_all and coalesce(cardinality(best.places), 0) < slot_count;
  slots := best.places;
  shares := best.shares;
end
$$;
--> statement-breakpoint
comment on function marketplace.find_first_slots is 'The best places, best first, in the blocks that can reach most, and whether there are no others';
--> statement-breakpoint
-- To 4096 - t at each place all shares are added, so that the bit of 4096 tells who has t: no sum is above 1900 and one for
-- each of at most 99 skills, so none reaches 8192. A server of version 17 or later skips blocks that are not wanted, an older
-- one would descend the index for each block of each skill, and so reads past them.
create or replace function marketplace.find_slots(
  person uuid, group_ids integer[], bounds bit varying[], t integer, most_share integer,
  out slots bigint[], out shares integer[]
)
language plpgsql stable
as $$
declare
  start constant numeric := '1000' || repeat(lpad((4096 - t)::text, 4, '0'), 512);
  reached constant bit(8272) := ('x' || repeat('0', 20) || repeat('1000', 512))::bit(8272);
  none constant bit(8272) := 0::bit(8272);
  mask bit(512) := marketplace.places_mask(t, 32);
  wanted record;
  sums record;
begin
  select array_agg(b.id) as blocks, min(b.id) as first, max(b.id) as last into wanted
  from (
    select g.id * 256 + r.place as id
    from unnest(group_ids, bounds) g (id, bits)
    cross join marketplace.reached_places(g.bits, 32, mask, t::bit(32)) r
  ) b;
  if current_setting('server_version_num')::integer >= 170000 then
    select array_agg(s.block_id) as ids, array_agg(s.bits) as bits into sums
    from (
      select s.block_id, marketplace.vector_bits(start + sum(s.shares)) as bits
      from marketplace.user_skills us
      join marketplace.packed_shares s on s.skill_id = us.skill_id and s.level = us.level and s.block_id = any (wanted.blocks)
      where us.user_id = person
      group by s.block_id
    ) s;
  else
    select array_agg(s.block_id) as ids, array_agg(s.bits) as bits into sums
    from (
      select s.block_id, marketplace.vector_bits(start + sum(s.shares)) as bits
      from marketplace.user_skills us
      join marketplace.packed_shares s on s.skill_id = us.skill_id and s.level = us.level
        and s.block_id between wanted.first and wanted.last
        and public.idx(wanted.blocks, s.block_id) > 0
      where us.user_id = person
      group by s.block_id
    ) s;
  end if;
  mask := marketplace.places_mask(4096, 16);
  select array_agg(r.slot order by r.share desc), array_agg(r.share order by r.share desc) into slots, shares
  from (
    select s.id::bigint * 512 + r.place as slot, r.share::integer - 4096 + t as share
    from unnest(sums.ids, sums.bits) s (id, bits)
    cross join marketplace.reached_places(s.bits, 16, mask, 4096::bit(16)) r
    where s.bits & reached <> none
    offset 0
  ) r
  where r.share <= most_share;
end
$$;
--> statement-breakpoint
comment on function marketplace.find_slots is 'All places that have t, best first';
--> statement-breakpoint
-- The sum of the vectors of a person's skills has, for each place, the sum of their shares. First for groups of blocks: what a
-- block's jobs can reach at most. The blocks that can reach most tell t, what the last job that is wanted has: from the sums,
-- less a little for their rounding, which is right nearly always. Then all blocks that can reach t are added up, and who has
-- it is looked up. If that was too high, because jobs have left their blocks or have expired, and with a filter or a cursor, the
-- first ones are looked up for t.
create or replace function marketplace.match_packed_jobs(
  person uuid, held marketplace.held_skills, most_rounds integer, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out is_done boolean, out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
#variable_conflict use_column
declare
  is_narrowed constant boolean := num_nonnulls(remote_only, place, least_salary, pay_currency, after_score) > 0;
  -- What is above comes before the cursor: a sum exceeds the score by less than one for each of at most 99 skills.
  most_share constant integer := coalesce((after_score + 1) * 1900 / 10000 + 100, 1999);
  zeros constant numeric := '1000' || repeat('0', 2048);
  groups record;
  candidates record;
  found record;
  block_count integer := 8;
  slot_count integer := case when is_narrowed then 5 * wanted else 10 + wanted end;
  is_guess boolean := not is_narrowed;
  t integer;
begin
  is_done := true;
  select array_agg(g.group_id) as ids, array_agg(g.bounds) as bounds into groups
  from (
    select b.group_id, marketplace.vector_bits(zeros + sum(b.bounds)) as bounds
    from marketplace.user_skills us
    join marketplace.packed_bounds b on b.skill_id = us.skill_id and b.level = us.level
    where us.user_id = person
    group by b.group_id
  ) g;
  if groups.ids is null then
    return;
  end if;

  loop
    for round in 1..most_rounds loop
      candidates := marketplace.find_first_slots(person, groups.ids, groups.bounds, most_share, block_count, slot_count);
      if is_guess and cardinality(candidates.slots) = slot_count then
        t := greatest(1, candidates.shares[wanted] - least(cardinality(held.skill_ids), 20));
        exit;
      end if;
      is_guess := false;
      found := marketplace.match_slots(candidates.slots, held, wanted, at, remote_only, place, least_salary, pay_currency,
        after_score, after_posted, after_job);
      -- With enough matches t is known; with all that there is looked at, so is the whole result.
      is_done := candidates.is_all or coalesce(cardinality(found.job_ids), 0) = wanted;
      exit when is_done;
      block_count := least(block_count * 4, 100000000);
      slot_count := least(slot_count * 8, 100000000);
    end loop;
    if not is_guess then
      exit when not is_done or coalesce(cardinality(found.job_ids), 0) < wanted;
      t := greatest(1, found.scores[wanted] * 1900 / 10000);
    end if;

    candidates := marketplace.find_slots(person, groups.ids, groups.bounds, t, most_share);
    if cardinality(candidates.slots) > 3 * wanted then
      -- The best of many tell how much the others must have.
      found := marketplace.match_slots(candidates.slots[:2 * wanted], held, wanted, at, remote_only, place, least_salary,
        pay_currency, after_score, after_posted, after_job);
      candidates.slots := array(
        select c.slot
        from unnest(candidates.slots, candidates.shares) c (slot, share)
        where coalesce(cardinality(found.job_ids), 0) < wanted or c.share >= found.scores[wanted] * 1900 / 10000
      );
    end if;
    found := marketplace.match_slots(candidates.slots, held, wanted, at, remote_only, place, least_salary, pay_currency,
      after_score, after_posted, after_job);
    exit when not is_guess or (cardinality(found.job_ids) = wanted and found.scores[wanted] * 1900 / 10000 >= t);
    is_guess := false;
  end loop;
  if is_done then
    job_ids := found.job_ids;
    scores := found.scores;
    posted := found.posted;
  end if;
end
$$;
--> statement-breakpoint
comment on function marketplace.match_packed_jobs is 'match_jobs of the packed jobs; nothing when so many rounds are not enough';
--> statement-breakpoint
-- Whoever qualifies for a job holds its rarest required skill, whose posting is marked near_gap; every packed job has one.
create or replace function marketplace.match_qualified_jobs(
  held marketplace.held_skills, wanted integer, at timestamptz,
  remote_only boolean, place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid,
  out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
declare
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
        and public.icount(p.needs operator(public.&) held.full_required) = p.total_weight - cardinality(p.needs)
        and (p.expires_at is null or p.expires_at > at)
    ) p
    cross join lateral (select marketplace.score_needs(p.needs, p.total_weight, held) as score) s
    join marketplace.job_vectors v on v.job_id = p.job_id
    where (remote_only is null or v.remote = remote_only)
    and (place is null or v.location = lower(place))
    and (pay_currency is null or v.currency = pay_currency)
    and (least_salary is null or v.top_salary >= least_salary)
    and (after_score is null or (s.score, v.posted_at, v.job_id) < (after_score, after_posted, after_job))
    and exists (select from marketplace.packed_jobs j where j.job_id = v.job_id)
    order by s.score desc, v.posted_at desc, v.job_id desc
    limit wanted
  ) m;
end
$$;
--> statement-breakpoint
comment on function marketplace.match_qualified_jobs is 'match_jobs of the packed jobs for which a person qualifies';
--> statement-breakpoint
create or replace function marketplace.vector_field(vector numeric, place integer, width integer) returns integer
language sql immutable parallel safe
as $$
  select substr(lpad(vector::text, 2048, '0'), 1 + width * place, width)::integer
$$;
--> statement-breakpoint
comment on function marketplace.vector_field(numeric, integer, integer) is 'The number that a vector has for one place';
--> statement-breakpoint
-- What a block's present jobs make of it is mostly what is there. Where it is not, because jobs left, the digits of
-- those that stayed are compared one by one.
create or replace function marketplace.check_packed_jobs()
returns table (problem text, job_id uuid, skill_id integer)
language sql stable
set jit = off
as $$
  with blocks as (
    select distinct (slot / 512)::integer as block
    from marketplace.packed_jobs
  ),
  changed_shares as materialized (
    select e.skill_id, e.level, e.block_id, coalesce(s.shares, 0) as shares
    from blocks b
    cross join lateral (select * from marketplace.compute_packed_shares(b.block) offset 0) e
    left join marketplace.packed_shares s on s.skill_id = e.skill_id and s.level = e.level and s.block_id = e.block_id
    where e.shares is distinct from s.shares
  ),
  most_shares as (
    select b.block, n.skill_id, l.level, max(marketplace.packed_share(l.level, n.code, n.total_weight)) as share
    from blocks b
    cross join lateral (select * from marketplace.read_block(b.block) offset 0) n
    cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
    group by b.block, n.skill_id, l.level
  ),
  low_bounds as materialized (
    select m.block, m.skill_id
    from most_shares m
    left join marketplace.packed_bounds b on b.skill_id = m.skill_id and b.level = m.level and b.group_id = m.block / 256
    where b.skill_id is null
    or marketplace.vector_field(b.bounds, m.block % 256, 8) < m.share
  )
  select 'packed job cannot match', p.job_id, null::integer
  from marketplace.packed_jobs p
  left join marketplace.job_vectors v on v.job_id = p.job_id and v.total_weight > 0
  where v.job_id is null
  union all
  select 'packed share differs', n.job_id, s.skill_id
  from changed_shares s
  cross join lateral (select * from marketplace.read_block(s.block_id) offset 0) n
  where n.skill_id = s.skill_id
  and marketplace.vector_field(s.shares, n.place, 4) <> marketplace.packed_share(s.level, n.code, n.total_weight)
  union all
  select 'packed bound too low', n.job_id, b.skill_id
  from low_bounds b
  cross join lateral (select * from marketplace.read_block(b.block) offset 0) n
  where n.skill_id = b.skill_id
$$;
--> statement-breakpoint
comment on function marketplace.check_packed_jobs() is 'Computes the blocks of packed jobs anew and lists every job that a search could miss or misjudge';
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
  union all
  select * from marketplace.check_packed_jobs()
$$;
--> statement-breakpoint
-- A round reads every posting that can belong to a score of t or more: bound >= t from the job's side; from
-- the person's side, with n of their skills at or after this one, at most 2 n of the weight can match, so
-- the job cannot be heavier than 2 n / t. The signature counts what is surely missing. Of those that can have t
-- and not more, only jobs posted since `since` count. What is left is scored once for each job, from the needs that
-- the posting carries; only who reaches t is looked up. When the last wanted match is at or above (t, since),
-- nothing unread can beat or tie it; otherwise both are lowered.
-- The first t is that of the packed jobs, when they alone fill the page, or guessed from a sample, so that one round does
-- nearly always.
-- The planner knows nothing of what the arrays hold and must not try: the plan is nested index scans. Of a function it
-- expects a thousand rows, for which, among 100,000 jobs, matchJobs read all of them: hence `rows`.
create or replace function marketplace.match_jobs(
  person uuid, wanted integer, at timestamptz, qualified_only boolean, remote_only boolean,
  place text, least_salary bigint, pay_currency text,
  after_score integer, after_posted timestamptz, after_job uuid
) returns table (job_id uuid, score integer, posted_at timestamptz)
language plpgsql stable rows 20
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

  for attempt in 1..2 loop
    if is_filtered then
      filtered := marketplace.match_filtered_jobs(held, most, wanted, at, qualified_only, remote_only, place,
        least_salary, pay_currency, after_score, after_posted, after_job);
      if filtered.is_done then
        return query select * from unnest(filtered.job_ids, filtered.scores, filtered.posted);
        return;
      end if;
    end if;
    if qualified_only then
      packed := marketplace.match_qualified_jobs(held, wanted, at, remote_only, place, least_salary, pay_currency,
        after_score, after_posted, after_job);
      is_packed_done := true;
    elsif not is_packed_done then
      -- When the first thousand candidates do not fill the page, few jobs pass the filter, maybe.
      packed := marketplace.match_packed_jobs(person, held, case when is_filtered and attempt = 1 then 2 else 20 end,
        wanted, at, remote_only, place, least_salary, pay_currency, after_score, after_posted, after_job);
      is_packed_done := packed.is_done;
    end if;
    -- Where many jobs are not packed, the best of the packed ones say too little of them.
    exit when attempt = 2 or (cardinality(packed.job_ids) = wanted and (
      select p.reltuples * 10 >= v.reltuples * 9
      from pg_class p, pg_class v
      where p.oid = 'marketplace.packed_jobs'::regclass
      and v.oid = 'marketplace.job_vectors'::regclass
    ));
    sample := marketplace.sample_matches(held, wanted, at, qualified_only, remote_only, place,
      least_salary, pay_currency, after_score, after_posted, after_job);
    nth := sample.nth;
    is_sampled := true;
    -- Too few matches for a guess: then all that pass the filter are few enough for this.
    exit when is_packed_done and (cardinality(packed.job_ids) = wanted or cardinality(sample.scores) >= nth);
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
    -- A guess that was too high costs less than one that is too low, so t falls by a tenth at most while there
    -- are guesses; when there are none left, few jobs match at all, and t falls fast.
    elsif t is null or guessed * 10 >= t * 9 then
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
      union all
      select * from unnest(packed.job_ids, packed.scores, packed.posted)
      order by score desc, posted_at desc, job_id desc
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
-- As of match_jobs, or else it seems better to read all people and jobs than to look up those of a page.
alter function marketplace.match_candidates rows 20;
--> statement-breakpoint
alter function marketplace.find_skill_gaps rows 20;
