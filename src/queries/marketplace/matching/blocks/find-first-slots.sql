create or replace function marketplace.find_first_slots(
  person uuid, group_ids integer[], bounds bit varying[], most_share integer,
  block_count integer, slot_count integer,
  out is_all boolean, out slots bigint[], out shares integer[]
)
language plpgsql stable
as $$
-- All jobs may have left a block. Only called from match_packed_jobs, as find_slots is.
declare
  zeros constant numeric := ('1000' || repeat('0', 2048))::numeric;
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
    where exists (
      select
      from marketplace.packed_jobs p
      where p.slot >= u.id * 512
        and p.slot < (u.id + 1) * 512
    )
    limit block_count
  ) b;
  select array_agg(s.block_id) as ids, array_agg(s.bits) as bits into sums
  from (
    select s.block_id, marketplace.vector_bits(zeros + sum(s.shares)) as bits
    from marketplace.user_skills us
    join marketplace.packed_shares s
      on s.skill_id = us.skill_id and s.level = us.level and s.block_id = any (blocks)
    where us.user_id = person
    group by s.block_id
  ) s;
  is_all := coalesce(cardinality(best.places), 0) < 2 * block_count
    and coalesce(cardinality(blocks), 0) < block_count;
  best := marketplace.best_places(sums.ids, sums.bits, 16, most_share, slot_count);
  is_all := is_all and coalesce(cardinality(best.places), 0) < slot_count;
  slots := best.places;
  shares := best.shares;
end
$$;

comment on function marketplace.find_first_slots is
  'The best places, best first, in the blocks that can reach most, and whether there are no others';
