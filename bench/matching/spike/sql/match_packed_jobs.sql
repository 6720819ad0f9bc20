create or replace function spike.match_packed_jobs(
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
    join spike.packed_bounds b on b.skill_id = us.skill_id and b.level = us.level
    where us.user_id = person
    group by b.group_id
  ) g;
  if groups.ids is null then
    return;
  end if;

  loop
    for round in 1..most_rounds loop
      candidates := spike.find_first_slots(person, groups.ids, groups.bounds, most_share, block_count, slot_count);
      if is_guess and cardinality(candidates.slots) = slot_count then
        t := greatest(1, candidates.shares[wanted] - least(cardinality(held.skill_ids), 20));
        exit;
      end if;
      is_guess := false;
      found := spike.match_slots(candidates.slots, candidates.shares, held, wanted, at, remote_only, place, least_salary, pay_currency,
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

    candidates := spike.find_slots(person, groups.ids, groups.bounds, t, most_share);
    found := spike.match_slots(candidates.slots, candidates.shares, held, wanted, at, remote_only, place, least_salary, pay_currency,
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
