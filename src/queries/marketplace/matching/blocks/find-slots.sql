create or replace function marketplace.find_slots(
  person uuid, group_ids integer[], bounds bit varying[], t integer, most_share integer,
  out slots bigint[], out shares integer[]
)
language plpgsql stable
as $$
-- To 4096 - t at each place all shares are added, so that the bit of 4096 tells who has t: no sum
-- is above 1900 and one for each of at most 99 skills, so none reaches 8192. A server of version 17
-- or later skips blocks that are not wanted, an older one would descend the index for each block of
-- each skill, and so reads past them.
declare
  start constant numeric :=
    ('1000' || repeat(lpad((4096 - t)::text, 4, '0'), 512))::numeric;
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
      join marketplace.packed_shares s
        on s.skill_id = us.skill_id and s.level = us.level and s.block_id = any (wanted.blocks)
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
  select array_agg(r.slot order by r.share desc), array_agg(r.share order by r.share desc)
  into slots, shares
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

comment on function marketplace.find_slots is 'All places that have t, best first';
