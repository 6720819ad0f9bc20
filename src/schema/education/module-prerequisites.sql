-- What keeps progress exact without the caller's help: events that cannot be changed, revisions
-- that are sealed when they are published, completions that publish themselves once, course counts
-- that follow every write, and the functions that apply a batch of events, publish a course and
-- move its learners. All of it can run again. On an empty database the locks do not matter; on a
-- full one each trigger takes SHARE ROW EXCLUSIVE for a moment, and the fillfactor only concerns
-- pages written later.
comment on table education.module_prerequisites
is 'A module that another module of its course asks for, as the author edits it';
