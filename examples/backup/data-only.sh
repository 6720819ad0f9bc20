#!/usr/bin/env bash
# Copies the data into a database that `azora-db migrate` has just made with the same release. SOURCE and TARGET are URLs,
# TARGET of a superuser, because foreign keys and guards are off meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

books="select hash, created_at from azora_db.migrations order by created_at"
for database in SOURCE TARGET; do
  psql --no-psqlrc --quiet --no-align --tuples-only --command="$books" --dbname="${!database}" >"$folder/$database"
done
if ! cmp --quiet "$folder/SOURCE" "$folder/TARGET"; then
  echo "The two databases do not have the same migrations." >&2
  exit 1
fi

pg_dump --format=custom --data-only --exclude-schema=azora_db --exclude-schema=drizzle \
  --file="$folder/azora.dump" --dbname="$SOURCE"
psql --no-psqlrc --quiet --file=empty-migrated.sql --dbname="$TARGET"
# Whole or not at all: broken off half-way, it would leave triggers disabled.
pg_restore --data-only --disable-triggers --exit-on-error --single-transaction --dbname="$TARGET" \
  "$folder/azora.dump"
psql --no-psqlrc --quiet --command='analyze' --dbname="$TARGET"
