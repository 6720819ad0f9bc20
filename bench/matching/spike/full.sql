with people as (
  select k, n, ('00000001-0000-7000-8000-' || lpad(to_hex(4 * ((n * 7919 + 1) % ((select count(*) from identity.users) / 4)) + k + 1000), 12, '0'))::uuid as id
  from generate_series(0, 19) n, generate_series(0, 3) k
),
full_matches as (
  select p.k, coalesce(cardinality(f.slots), 0) as jobs
  from people p
  cross join lateral (
    select array_agg(g.group_id) as ids, array_agg(g.bounds) as bounds
    from (
      select b.group_id, marketplace.vector_bits(('1000' || repeat('0', 2048))::numeric + sum(b.bounds)) as bounds
      from marketplace.user_skills us
      join spike.packed_bounds b on b.skill_id = us.skill_id and b.level = us.level
      where us.user_id = p.id
      group by b.group_id
    ) g
  ) g
  cross join lateral spike.find_slots(p.id, g.ids, g.bounds, 1900, 1999) f
)
select (array[5, 15, 30, 60])[k + 1] as skills, min(jobs), percentile_disc(0.25) within group (order by jobs) as quarter, percentile_disc(0.5) within group (order by jobs) as half, max(jobs), count(*) filter (where jobs >= 20) as of_20
from full_matches group by k order by k;
