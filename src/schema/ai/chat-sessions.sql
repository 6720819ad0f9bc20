comment on table ai.chat_sessions is 'A conversation of one user with one personality';

create or replace trigger chat_sessions_touch
before update on ai.chat_sessions
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
