create or replace function education.add_course_statistics(deltas education.course_statistics[])
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
as $$
-- Takes keys and deltas, not transition tables, so that a row trigger can call it as well (Citus
-- has no transition tables on distributed tables). A row that somebody holds is skipped, never
-- waited for, and a new one is added when all are held: no queue on a popular course, and no
-- deadlock through its counts. The second statement sees the rows as they are now locked, because
-- each statement here takes its own snapshot.
begin
  select array_agg(row(
    delta.course_id, free_rows.shard_id,
    delta.active, delta.completed, delta.dropped, delta.basis_points,
    delta.decile_0, delta.decile_1, delta.decile_2, delta.decile_3, delta.decile_4,
    delta.decile_5, delta.decile_6, delta.decile_7, delta.decile_8, delta.decile_9
  )::education.course_statistics)
  into deltas
  from unnest(deltas) as delta
  left join lateral (
    select shard_id
    from education.course_statistics as shards
    where shards.course_id = delta.course_id
    limit 1
    for no key update skip locked
  ) as free_rows on true;

  update education.course_statistics as shards
  set active = shards.active + delta.active,
    completed = shards.completed + delta.completed,
    dropped = shards.dropped + delta.dropped,
    basis_points = shards.basis_points + delta.basis_points,
    decile_0 = shards.decile_0 + delta.decile_0,
    decile_1 = shards.decile_1 + delta.decile_1,
    decile_2 = shards.decile_2 + delta.decile_2,
    decile_3 = shards.decile_3 + delta.decile_3,
    decile_4 = shards.decile_4 + delta.decile_4,
    decile_5 = shards.decile_5 + delta.decile_5,
    decile_6 = shards.decile_6 + delta.decile_6,
    decile_7 = shards.decile_7 + delta.decile_7,
    decile_8 = shards.decile_8 + delta.decile_8,
    decile_9 = shards.decile_9 + delta.decile_9
  from unnest(deltas) as delta
  where shards.course_id = delta.course_id
    and shards.shard_id = delta.shard_id;

  insert into education.course_statistics
  select
    delta.course_id, gen_random_uuid(),
    delta.active, delta.completed, delta.dropped, delta.basis_points,
    delta.decile_0, delta.decile_1, delta.decile_2, delta.decile_3, delta.decile_4,
    delta.decile_5, delta.decile_6, delta.decile_7, delta.decile_8, delta.decile_9
  from unnest(deltas) as delta
  where delta.shard_id is null;
end
$$;

comment on function education.add_course_statistics(education.course_statistics[])
is 'Adds changes of counts to courses without waiting for other writers';
