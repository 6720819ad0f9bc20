comment on table education.revision_modules is 'A module as a revision published it';

create or replace function education.refuse_late_modules() returns trigger
language plpgsql
as $$
-- The foreign keys see to it that there is a header.
begin
  perform education.refuse_revision(added.course_id, added.revision)
  from (select distinct course_id, revision from new_modules) as added
  join education.course_revisions as revisions
    on revisions.course_id = added.course_id and revisions.revision = added.revision
  where revisions.module_count < (
    select count(*)
    from education.revision_modules as modules
    where modules.course_id = added.course_id and modules.revision = added.revision
  );
  return null;
end
$$;

comment on function education.refuse_late_modules()
is 'Refuses more modules than the header of their revision says';

create or replace trigger revision_modules_append_only
before update or delete or truncate on education.revision_modules
for each statement execute function platform.forbid_change();

create or replace trigger revision_modules_seal
after insert on education.revision_modules
referencing new table as new_modules
for each statement execute function education.refuse_late_modules();
