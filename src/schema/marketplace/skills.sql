comment on table marketplace.skills is 'A skill of the catalogue';

create or replace trigger skills_touch
before update on marketplace.skills
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace trigger skills_advance_identity
before insert on marketplace.skills
for each statement execute function platform.advance_identity();
