#!/usr/bin/env bash
# Copies a whole database into an empty one. SOURCE and TARGET are URLs, FORMAT is custom, directory or plain; JOBS is how
# many tables the directory form works on at a time.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

case ${FORMAT:-custom} in
  custom)
    pg_dump --format=custom --file="$folder/azora.dump" --dbname="$SOURCE"
    pg_restore --exit-on-error --single-transaction --dbname="$TARGET" "$folder/azora.dump"
    ;;
  directory)
    pg_dump --format=directory --jobs="${JOBS:-2}" --file="$folder/azora" --dbname="$SOURCE"
    pg_restore --exit-on-error --jobs="${JOBS:-2}" --dbname="$TARGET" "$folder/azora"
    ;;
  plain)
    pg_dump --format=plain --file="$folder/azora.sql" --dbname="$SOURCE"
    psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --single-transaction \
      --file="$folder/azora.sql" --dbname="$TARGET"
    ;;
  *)
    echo "FORMAT has to be custom, directory or plain." >&2
    exit 1
    ;;
esac

# A dump has no statistics before PostgreSQL 18, and searches go by them.
psql --no-psqlrc --quiet --command='analyze' --dbname="$TARGET"
