create or replace function marketplace.read_held_skills(person uuid) returns marketplace.held_skills
language plpgsql stable
set enable_hashjoin = off set enable_mergejoin = off
as $$
-- The arrays are in the order of codes because the rows that they are made of are. In PL/pgSQL,
-- because the plan of an SQL function that cannot be inlined is made at each call.
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
    select h.skill_id * 8 + l.step as code, l.required,
      least(12, 12 * h.level / l.level) as twelfths,
      (1 + l.required) * least(12, 12 * h.level / l.level) as share
    from held h
    cross join (
      values (0, 1, 0), (1, 1, 1), (2, 2, 0), (3, 2, 1), (4, 3, 0), (5, 3, 1), (6, 4, 0), (7, 4, 1)
    ) l (step, level, required)
    order by code
  )
  select h.skill_ids, h.reaches, n.full_codes, n.full_required,
    n.ones, n.twos, n.fours, n.eights, n.sixteens, h.missing_bits
  into skills
  from (
    select array_agg(skill_id) as skill_ids, array_agg(reach) as reaches,
      ~bit_or(marketplace.skill_bits(skill_id, true)) as missing_bits
    from held
  ) h
  cross join (
    select coalesce(array_agg(code) filter (where twelfths = 12), '{}') as full_codes,
      coalesce(array_agg(code) filter (where twelfths = 12 and required = 1), '{}')
        as full_required,
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

comment on function marketplace.read_held_skills(uuid) is
'A person''s skills as arrays, ready for the match functions; all null for a person without skills';
