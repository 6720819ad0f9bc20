create or replace function marketplace.check_packed_jobs()
returns table (
  kind text, job_id uuid, skill_id integer, level marketplace.skill_level,
  field text, expected text, actual text
)
language sql stable
set jit = off
as $$
  -- What a block's present jobs make of it is mostly what is there. Where it is not, because jobs
  -- left, the digits of those that stayed are compared one by one.
  with blocks as (
    select distinct (slot / 512)::integer as block
    from marketplace.packed_jobs
  ),
  changed_shares as materialized (
    select e.skill_id, e.level, e.block_id, coalesce(s.shares, 0) as shares
    from blocks b
    cross join lateral (select * from marketplace.compute_packed_shares(b.block) offset 0) e
    left join marketplace.packed_shares s
      on s.skill_id = e.skill_id and s.level = e.level and s.block_id = e.block_id
    where e.shares is distinct from s.shares
  ),
  most_shares as (
    select b.block, n.skill_id, l.level,
      max(marketplace.packed_share(l.level, n.code, n.total_weight)) as share
    from blocks b
    cross join lateral (select * from marketplace.read_block(b.block) offset 0) n
    cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
    group by b.block, n.skill_id, l.level
  ),
  low_bounds as materialized (
    select m.block, m.skill_id, m.level, m.share,
      marketplace.vector_field(b.bounds, m.block % 256, 8) as bound
    from most_shares m
    left join marketplace.packed_bounds b
      on b.skill_id = m.skill_id and b.level = m.level and b.group_id = m.block / 256
    where b.skill_id is null
      or marketplace.vector_field(b.bounds, m.block % 256, 8) < m.share
  )
  select 'packed job cannot match', p.job_id, null::integer, null::marketplace.skill_level,
    'slot', null, p.slot::text
  from marketplace.packed_jobs p
  left join marketplace.job_vectors v on v.job_id = p.job_id and v.total_weight > 0
  where v.job_id is null
  union all
  select 'packed share differs', n.job_id, s.skill_id, s.level, 'shares',
    x.expected::text, x.actual::text
  from changed_shares s
  cross join lateral (select * from marketplace.read_block(s.block_id) offset 0) n
  cross join lateral (
    select marketplace.packed_share(s.level, n.code, n.total_weight) as expected,
      marketplace.vector_field(s.shares, n.place, 4) as actual
  ) x
  where n.skill_id = s.skill_id
    and x.actual <> x.expected
  union all
  select 'packed bound too low', n.job_id, b.skill_id, b.level, 'bounds',
    b.share::text, b.bound::text
  from low_bounds b
  cross join lateral (select * from marketplace.read_block(b.block) offset 0) n
  where n.skill_id = b.skill_id
$$;

comment on function marketplace.check_packed_jobs() is
  'Computes the blocks of packed jobs anew and lists every job that a search could miss or '
  'misjudge';
