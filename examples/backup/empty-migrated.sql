-- Takes out of a database that was just migrated what the migrations put in, such as the currencies and their wallets:
-- the data that come have those rows too. As a superuser.
\set ON_ERROR_STOP 1
begin;

do $$
begin
  if exists (select from identity.users) or exists (select from finance.transactions) then
    raise exception 'this database has data of its own';
  end if;
end
$$;

-- No trigger fires: some refuse this.
set local session_replication_role = replica;

do $$
begin
  execute (
    select 'truncate ' || string_agg(oid::regclass::text, ', ')
    from pg_class
    where relkind = 'r'
      and relnamespace::regnamespace::text in (
        'identity', 'education', 'finance', 'marketplace', 'ai', 'platform'
      )
  );
end
$$;

commit;
