#!/usr/bin/env bash
# Lets a database that `azora-db migrate` has just made with the same release follow another one, which stays in use.
# SOURCE and TARGET are URLs of superusers; SOURCE_FROM_TARGET is the one by which the server of TARGET reaches the
# other, if that is not the same. SOURCE has `wal_level = logical`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

run() { psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$@"; }

run "$SOURCE" <<'SQL'
-- Not `for all tables`: the books of the migrations are the target's own.
create publication azora for tables in schema identity, education, finance, marketplace, ai, platform;
SQL
psql --no-psqlrc --quiet --file=empty-migrated.sql --dbname="$TARGET"
run "$TARGET" --set=source="${SOURCE_FROM_TARGET:-$SOURCE}" <<'SQL'
create subscription azora connection :'source' publication azora;
SQL

# Each table is copied first (state r: done).
until [[ $(run "$TARGET" --command="select count(*) from pg_subscription_rel where srsubstate <> 'r'") == 0 ]]; do
  sleep 0.2
done
run "$TARGET" --command='analyze'
