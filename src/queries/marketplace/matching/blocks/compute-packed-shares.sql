create or replace function marketplace.compute_packed_shares(block integer)
returns setof marketplace.packed_shares
language sql stable
as $$
  select skill_id, level, block,
    (
      string_agg(
        repeat('0000', gap)
          || lpad(marketplace.packed_share(level, code, total_weight)::text, 4, '0'),
        '' order by place
      )
      || repeat('0000', 511 - max(place))
    )::numeric
  from (
    select skill_id, place, code, total_weight,
      place - 1 - coalesce(lag(place) over (partition by skill_id order by place), -1) as gap
    from marketplace.read_block(block)
  ) needs
  cross join unnest(enum_range(null::marketplace.skill_level)) l (level)
  group by skill_id, level
$$;

comment on function marketplace.compute_packed_shares(integer)
is 'What packed_shares should hold of a block''s jobs';
