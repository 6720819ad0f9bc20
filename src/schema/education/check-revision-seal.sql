create or replace function education.check_revision_seal(
  sealed_course uuid, sealed_revision integer
)
returns void
language plpgsql
as $$
-- The seal of a revision is that its rows add up to its header: at the end of the transaction that
-- publishes it there are as many as the header says, and no statement can ever make them more. So
-- the whole is counted once for a header, and once for a statement that adds rows, not for each
-- row.
begin
  perform
  from education.course_revisions as revisions
  where course_id = sealed_course
    and revision = sealed_revision
    and (module_count, total_weight) = (
      select count(*), coalesce(sum(weight) filter (where not is_optional), 0)
      from education.revision_modules as modules
      where modules.course_id = revisions.course_id and modules.revision = revisions.revision
    )
    and prerequisite_count = (
      select count(*)
      from education.revision_prerequisites as prerequisites
      where prerequisites.course_id = revisions.course_id
        and prerequisites.revision = revisions.revision
    );
  if not found then
    perform education.refuse_revision(sealed_course, sealed_revision);
  end if;
end
$$;

comment on function education.check_revision_seal(uuid, integer)
is 'Refuses a revision whose modules do not add up to its header';
