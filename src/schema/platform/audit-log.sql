comment on table platform.audit_log is 'What was done to what, by whom; append-only';

create or replace trigger audit_log_append_only
before update or delete or truncate on platform.audit_log
for each statement execute function platform.forbid_change();
