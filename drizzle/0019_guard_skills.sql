-- What plain SQL could leave wrong about the skills of users: endorsements that a truncation took away, and a
-- verification that outlived the level it was of. Every statement may run again. Each trigger takes SHARE ROW EXCLUSIVE
-- on its table for a moment. Counts that a truncation left behind before this stay, until somebody sets them to
-- what skill_endorsements holds, with session_replication_role = replica.

-- The update runs one trigger deeper than a plain one, so check_endorsements_counted lets it.
create or replace function marketplace.forget_endorsements() returns trigger
language plpgsql
as $$
begin
  update marketplace.user_skills
  set endorsements = 0
  where endorsements > 0;
  return null;
end
$$;
--> statement-breakpoint
comment on function marketplace.forget_endorsements() is 'Counts no endorsements once all are truncated';
--> statement-breakpoint
create or replace trigger skill_endorsements_forgotten
after truncate on marketplace.skill_endorsements
for each statement execute function marketplace.forget_endorsements();
--> statement-breakpoint
-- Whoever verified a level has not verified another, unless the same statement says so.
create or replace function marketplace.forget_verification() returns trigger
language plpgsql
as $$
begin
  new.verified_at := null;
  new.verified_by := null;
  return new;
end
$$;
--> statement-breakpoint
comment on function marketplace.forget_verification() is 'Takes the verification from a skill whose level changes';
--> statement-breakpoint
create or replace trigger user_skills_forget_verification
before update on marketplace.user_skills
for each row when (
  old.level <> new.level
  and old.verified_at is not null
  and (old.verified_at, old.verified_by) is not distinct from (new.verified_at, new.verified_by)
)
execute function marketplace.forget_verification();
