#!/usr/bin/env bash
# Ends what replicate.sh began, when the services are stopped: afterwards TARGET is the database. SOURCE and TARGET are URLs
# of superusers.
set -euo pipefail

run() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$@"; }

# Whoever was forgotten writes nothing from here on: new sessions cannot, and the others end.
run "$SOURCE" <<'SQL'
select format('alter database %I set default_transaction_read_only = on', current_database()) \gexec
select count(*) filter (where not pg_terminate_backend(pid, 10000)) as "not ended"
from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid();
SQL

end=$(run "$SOURCE" --command='select pg_current_wal_insert_lsn()')
until [[ $(run "$SOURCE" --command="
  select confirmed_flush_lsn >= '$end' from pg_replication_slots where slot_name = 'azora'") == t ]]; do
  sleep 0.2
done

run "$TARGET" <<'SQL'
drop subscription azora;
-- Replication copies no sequences.
select count(setval(sequence_name, greatest_value)) from platform.lagging_sequences();
analyze;
SQL
run "$SOURCE" <<'SQL'
set default_transaction_read_only = off;
drop publication azora;
SQL
