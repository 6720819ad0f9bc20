comment on table education.progress_events
is 'What a learner did in a module, as a client told it; append-only';

create or replace function education.forget_days() returns trigger
language plpgsql
as $$
-- Holds the enrollment that is deleted while it locks the learner's others, so a batch over several
-- of their courses can deadlock with it; PostgreSQL then ends one of the two.
begin
  perform education.recount_days(array_agg(distinct user_id)) from old_events;
  return null;
end
$$;

comment on function education.forget_days()
is 'Counts a learner''s days anew when events go with their enrollment';

create or replace trigger progress_events_append_only
before update or truncate on education.progress_events
for each statement execute function platform.forbid_change();

create or replace trigger progress_events_no_loss
before delete on education.progress_events
for each row execute function education.forbid_loss();

create or replace trigger progress_events_forget_days
after delete on education.progress_events
referencing old table as old_events
for each statement execute function education.forget_days();
