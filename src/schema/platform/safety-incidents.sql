comment on table platform.safety_incidents is 'A danger reported by a user at a place';

create or replace trigger safety_incidents_touch
before update on platform.safety_incidents
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
