create or replace function marketplace.match_packed_jobs(
  person uuid, held marketplace.held_skills, most_rounds integer, wanted integer,
  filter marketplace.job_filter,
  out is_done boolean, out job_ids uuid[], out scores integer[], out posted timestamptz[]
)
language plpgsql stable
as $$
-- The sum of the vectors of a person's skills has, for each place, the sum of their shares. First
-- for groups of blocks: what a block's jobs can reach at most. The blocks that can reach most tell
-- t, what the last job that is wanted has: from the sums, less a little for their rounding, which
-- is right nearly always. Then all blocks that can reach t are added up, and who has it is looked
-- up. If that was too high, because jobs have left their blocks or have expired, and with a filter
-- or a cursor, the first ones are looked up for t.
#variable_conflict use_column
declare
  is_narrowed constant boolean := marketplace.is_narrowing(filter);
  -- What is above comes before the cursor: a sum exceeds the score by less than one for each of at
  -- most 99 skills.
  most_share constant integer := coalesce((filter.after_score + 1) * 1900 / 10000 + 100, 1999);
  zeros constant numeric := ('1000' || repeat('0', 2048))::numeric;
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
    join marketplace.packed_bounds b on b.skill_id = us.skill_id and b.level = us.level
    where us.user_id = person
    group by b.group_id
  ) g;
  if groups.ids is null then
    return;
  end if;

  loop
    for round in 1..most_rounds loop
      candidates := marketplace.find_first_slots(
        person => person, group_ids => groups.ids, bounds => groups.bounds,
        most_share => most_share, block_count => block_count, slot_count => slot_count
      );
      if is_guess and cardinality(candidates.slots) = slot_count then
        t := greatest(1, candidates.shares[wanted] - least(cardinality(held.skill_ids), 20));
        exit;
      end if;
      is_guess := false;
      found := marketplace.match_slots(candidates.slots, held, wanted, filter);
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

    candidates := marketplace.find_slots(person, groups.ids, groups.bounds, t, most_share);
    if cardinality(candidates.slots) > 3 * wanted then
      -- The best of many tell how much the others must have.
      found := marketplace.match_slots(candidates.slots[:2 * wanted], held, wanted, filter);
      candidates.slots := array(
        select c.slot
        from unnest(candidates.slots, candidates.shares) c (slot, share)
        where coalesce(cardinality(found.job_ids), 0) < wanted
          or c.share >= found.scores[wanted] * 1900 / 10000
      );
    end if;
    found := marketplace.match_slots(candidates.slots, held, wanted, filter);
    exit when not is_guess or (
      cardinality(found.job_ids) = wanted
      and found.scores[wanted] * 1900 / 10000 >= t
    );
    is_guess := false;
  end loop;
  if is_done then
    job_ids := found.job_ids;
    scores := found.scores;
    posted := found.posted;
  end if;
end
$$;

comment on function marketplace.match_packed_jobs is
  'match_jobs of the packed jobs; nothing when so many rounds are not enough';
