-- public is shared with others, and `create or replace` would put our body into their function:
-- ours is told by its comment. A function of somebody else in the way has to move, or ours cannot
-- be made: alter function ... rename to ..., which keeps what uses it working.
do $$
begin
  if obj_description(to_regprocedure('public.fold_text(text)'), 'pg_proc')
    is distinct from 'Text as it is compared whatever the case of its letters, in every database'
    and to_regprocedure('public.fold_text(text)') is not null
  then
    raise exception using
      errcode = 'duplicate_function',
      message = format(
        'somebody else''s function has the name of ours, rename it first: %s',
        'public.fold_text(text)'
      );
  end if;
  if current_setting('server_encoding') <> 'UTF8'
    or not exists (select from pg_collation where collname = 'und-x-icu')
  then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'names and emails cannot be compared in this database',
      hint = 'It takes the encoding UTF8, and a server that was built with ICU.';
  end if;
end
$$;

create or replace function public.fold_text(value text) returns text
language sql immutable parallel safe
-- The collation is the root of all, so the database's own does not matter: in a Turkish one `I` is
-- the capital of a dotless i, and C knows ASCII only. Its letters have one lower case for ever;
-- how a later ICU sorts them does not matter, because what is folded is compared as bytes. Composed
-- and decomposed letters are one (NFC), after the lower case, because that can compose anew. The
-- Turkish capital with a dot is an i, as in Unicode's table of single letters, and both small
-- sigmas are one; replaced last, so that marks in another order make no difference. Not strict, so
-- that it can be inlined: as a call it would take three times as long. Composing is most of its
-- cost, so it is done once.
return replace(
  replace(normalize(lower(value collate "und-x-icu")), U&'i\0307', 'i'), U&'\03C2', U&'\03C3'
);

comment on function public.fold_text(text)
is 'Text as it is compared whatever the case of its letters, in every database';
