create or replace function education.refuse_revision(sealed_course uuid, sealed_revision integer)
returns void
language plpgsql
as $$
begin
  raise exception 'revision % of course % is published: its modules do not add up to it',
    sealed_revision, sealed_course
    using errcode = 'check_violation', schema = 'education', table = 'course_revisions',
      constraint = 'course_revisions_seal_check';
end
$$;

comment on function education.refuse_revision(uuid, integer)
is 'Raises course_revisions_seal_check';
