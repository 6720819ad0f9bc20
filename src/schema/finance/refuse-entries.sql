create or replace function finance.refuse_entries(rule text, message text) returns void
language plpgsql
as $$
begin
  raise exception '%', message
    using errcode = 'check_violation', schema = 'finance', table = 'entries', constraint = rule;
end
$$;

comment on function finance.refuse_entries(text, text)
is 'Raises the error of a broken rule of the ledger';
