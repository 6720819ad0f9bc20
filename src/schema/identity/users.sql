comment on table identity.users is 'A person who can sign in';

create or replace trigger users_touch
before update on identity.users
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
