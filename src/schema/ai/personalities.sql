comment on table ai.ai_personalities is 'A member of the family of AI personalities';

create or replace trigger ai_personalities_touch
before update on ai.ai_personalities
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();
