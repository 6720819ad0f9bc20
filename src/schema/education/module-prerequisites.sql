comment on table education.module_prerequisites
is 'A module that another module of its course asks for, as the author edits it';
