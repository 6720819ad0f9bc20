comment on table marketplace.skill_endorsements is 'One user''s word that another holds a skill';

create or replace function marketplace.count_endorsements() returns trigger
language plpgsql
as $$
-- Counts are locked in key order before they move, so that two bulk endorsements cannot deadlock.
begin
  perform from marketplace.user_skills us
  where (us.user_id, us.skill_id) in (select c.user_id, c.skill_id from changed_endorsements c)
  order by us.user_id, us.skill_id
  for no key update;

  update marketplace.user_skills us
  set endorsements = us.endorsements + case tg_op when 'INSERT' then c.count else -c.count end
  from (
    select user_id, skill_id, count(*)::integer as count
    from changed_endorsements
    group by user_id, skill_id
  ) c
  where us.user_id = c.user_id
    and us.skill_id = c.skill_id;
  return null;
end
$$;

comment on function marketplace.count_endorsements() is 'Keeps user_skills.endorsements';

create or replace function marketplace.forget_endorsements() returns trigger
language plpgsql
as $$
-- The update runs one trigger deeper than a plain one, so check_endorsements_counted lets it.
begin
  update marketplace.user_skills
  set endorsements = 0
  where endorsements > 0;
  return null;
end
$$;

comment on function marketplace.forget_endorsements()
is 'Counts no endorsements once all are truncated';

create or replace trigger skill_endorsements_count_inserted
after insert on marketplace.skill_endorsements
referencing new table as changed_endorsements
for each statement execute function marketplace.count_endorsements();

create or replace trigger skill_endorsements_count_deleted
after delete on marketplace.skill_endorsements
referencing old table as changed_endorsements
for each statement execute function marketplace.count_endorsements();

create or replace trigger skill_endorsements_final
before update on marketplace.skill_endorsements
for each row when (
  (old.user_id, old.skill_id, old.endorser_id)
    is distinct from (new.user_id, new.skill_id, new.endorser_id)
)
execute function platform.forbid_change();

create or replace trigger skill_endorsements_forgotten
after truncate on marketplace.skill_endorsements
for each statement execute function marketplace.forget_endorsements();
