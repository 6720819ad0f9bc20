comment on table education.revision_prerequisites
is 'A module that another one asks for, as a revision published it';

create or replace function education.refuse_late_prerequisites() returns trigger
language plpgsql
as $$
begin
  perform education.refuse_revision(added.course_id, added.revision)
  from (select distinct course_id, revision from new_prerequisites) as added
  join education.course_revisions as revisions
    on revisions.course_id = added.course_id and revisions.revision = added.revision
  where revisions.prerequisite_count < (
    select count(*)
    from education.revision_prerequisites as prerequisites
    where prerequisites.course_id = added.course_id and prerequisites.revision = added.revision
  );
  return null;
end
$$;

comment on function education.refuse_late_prerequisites()
is 'Refuses more prerequisites than the header of their revision says';

create or replace trigger revision_prerequisites_append_only
before update or delete or truncate on education.revision_prerequisites
for each statement execute function platform.forbid_change();

create or replace trigger revision_prerequisites_seal
after insert on education.revision_prerequisites
referencing new table as new_prerequisites
for each statement execute function education.refuse_late_prerequisites();
