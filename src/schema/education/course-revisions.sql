comment on table education.course_revisions is 'A course as it was published; never changes';

create or replace function education.seal_revision() returns trigger
language plpgsql
as $$
begin
  perform education.check_revision_seal(new.course_id, new.revision);
  return null;
end
$$;

comment on function education.seal_revision() is 'Checks the seal of a new revision';

create or replace trigger course_revisions_append_only
before update or delete or truncate on education.course_revisions
for each statement execute function platform.forbid_change();

-- Checked at the end of the transaction that publishes.
create constraint trigger course_revisions_seal
after insert on education.course_revisions
deferrable initially deferred
for each row execute function education.seal_revision();
