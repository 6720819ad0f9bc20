comment on table marketplace.occupations is 'A kind of work of the imported classification';

create or replace trigger occupations_touch
before update on marketplace.occupations
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace trigger occupations_advance_identity
before insert on marketplace.occupations
for each statement execute function platform.advance_identity();
