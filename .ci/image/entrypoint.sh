#!/bin/sh
# Entrypoint of the local PostgreSQL test image: the part of the official image's contract that tests use.
# POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS and PGDATA mean what they mean there, and
# arguments after `postgres` go to the server (`postgres -c fsync=off`).
set -eu

if [ "${1:-postgres}" != postgres ] && [ "${1#-}" = "${1:-}" ]; then
  exec "$@"
fi
if [ "${1:-}" = postgres ]; then
  shift
fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

# PostgreSQL refuses to run as root. A volume or a tmpfs mounted over the data folder belongs to root, so it is handed
# over first.
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres:postgres "$PGDATA"
  chmod 700 "$PGDATA"
  # shellcheck disable=SC2016 # expanded by the shell that su starts
  exec su -s /bin/sh -c 'exec "$0" "$@"' -- postgres "$0" postgres "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo 'POSTGRES_PASSWORD is not set: the superuser needs a password.' >&2
    exit 1
  fi
  mkdir -p "$PGDATA"
  password_file=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password_file"
  # shellcheck disable=SC2086 # the arguments are a list, as in the official image
  initdb --pgdata="$PGDATA" --username="$user" --pwfile="$password_file" --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=trust --auth-host=scram-sha-256 --no-sync ${POSTGRES_INITDB_ARGS:-}
  rm "$password_file"
  printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # Single-user mode: nothing listens yet, so no client can take the half-made server for the real one.
  if [ "$database" != postgres ]; then
    quoted=$(printf '%s' "$database" | sed 's/"/""/g')
    printf 'create database "%s"\n' "$quoted" | postgres --single -D "$PGDATA" -c fsync=off postgres
  fi
fi

exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
