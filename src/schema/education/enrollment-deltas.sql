create or replace function education.enrollment_deltas(
  added education.enrollments[], removed education.enrollments[]
)
returns education.course_statistics[]
language plpgsql immutable
as $$
-- What rows that came and rows that went change in the counts of their courses, without what
-- cancels out.
begin
  return (
    with changes as (
      select 1 as sign, course_id, status, done_weight::bigint * 10000 / total_weight as points
      from unnest(added)
      union all
      select -1, course_id, status, done_weight::bigint * 10000 / total_weight
      from unnest(removed)
    ),
    sums as (
      select
        course_id, null::uuid as shard_id,
        coalesce(sum(sign) filter (where status = 'ACTIVE'), 0) as active,
        coalesce(sum(sign) filter (where status = 'COMPLETED'), 0) as completed,
        coalesce(sum(sign) filter (where status = 'DROPPED'), 0) as dropped,
        coalesce(sum(sign * points) filter (where status <> 'DROPPED'), 0)::bigint as basis_points,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points < 1000), 0) as decile_0,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 1), 0) as decile_1,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 2), 0) as decile_2,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 3), 0) as decile_3,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 4), 0) as decile_4,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 5), 0) as decile_5,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 6), 0) as decile_6,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 7), 0) as decile_7,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points / 1000 = 8), 0) as decile_8,
        coalesce(sum(sign) filter (where status <> 'DROPPED' and points >= 9000), 0) as decile_9
      from changes
      group by course_id
    )
    select array_agg(row(sums.*)::education.course_statistics)
    from sums
    where (
      active, completed, dropped, basis_points, decile_0, decile_1, decile_2, decile_3, decile_4,
      decile_5, decile_6, decile_7, decile_8, decile_9
    ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  );
end
$$;

comment on function education.enrollment_deltas(education.enrollments[], education.enrollments[])
is 'What rows that came and went change in the counts of their courses';
