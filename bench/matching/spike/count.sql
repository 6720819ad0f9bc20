-- For some people of each size: t, the blocks that can reach it, the numbers to add up, and the jobs that match in full.
with people as (
  select k, n, ('00000001-0000-7000-8000-' || lpad(to_hex(4 * ((n * 7919 + 1) % ((select count(*) from identity.users) / 4)) + k + 1000), 12, '0'))::uuid as id
  from generate_series(0, 9) n, generate_series(0, 3) k
),
wanted as materialized (
  select p.*, (select min(s.score) * 1900 / 10000 from spike.match_jobs(p.id, 20, '2027-01-01', false, null, null, null, null, null, null, null) s) as t
  from people p
),
groups as (
  select w.k, w.n, w.id, w.t, b.group_id, marketplace.vector_bits(('1000' || repeat('0', 2048))::numeric + sum(b.bounds)) as bits
  from wanted w
  join marketplace.user_skills us on us.user_id = w.id
  join spike.packed_bounds b on b.skill_id = us.skill_id and b.level = us.level
  group by 1, 2, 3, 4, 5
),
blocks as materialized (
  select g.k, g.n, g.id, array_agg(g.group_id * 256 + r.place) as ids
  from groups g
  cross join marketplace.reached_places(g.bits, 32, marketplace.places_mask(g.t::integer, 32), g.t::integer::bit(32)) r
  group by 1, 2, 3
),
counts as (
  select b.k, b.n, cardinality(b.ids) as blocks,
    (select count(*) from marketplace.user_skills us join spike.packed_shares s on s.skill_id = us.skill_id and s.level = us.level and s.block_id = any (b.ids) where us.user_id = b.id) as vectors
  from blocks b
)
select (array[5, 15, 30, 60])[k + 1] as skills, percentile_disc(0.5) within group (order by blocks) as blocks, max(blocks) as most,
  percentile_disc(0.5) within group (order by vectors) as numbers, max(vectors) as most_numbers
from counts group by k order by k;
