#!/usr/bin/env bash
# A prepared query of Drizzle stores JSON's null, and not SQL's, where the placeholder of a jsonb column is given null.
#
# Versions: drizzle-orm 0.45.4, Node.js 20 or later; no database is needed, the parameters are looked at as they are handed
#   to the driver.
# Guess, before it was run: a null for a placeholder goes to the driver as null, as the same null does that is written into
#   `values` or `set`; at worst it is refused, as a Date column refuses it (drizzle-orm issue 1113).
# Seen: written out, null is null. By a placeholder in `values` or `set`, the column's encoder gets it: jsonb sends the text
#   "null", so the column holds a JSON null, `is null` is false, and a check or an index `where details is null` passes it by;
#   numeric in bigint mode sends the text "null", which the server refuses. In `where eq(column, placeholder)` no encoder
#   gets it, and null is null again.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund drizzle-orm@0.45.4 pg@8.23.1

cat >look.mjs <<'JS'
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { jsonb, numeric, pgTable, text } from 'drizzle-orm/pg-core';

const items = pgTable('items', {
  label: text('label'),
  details: jsonb('details'),
  price: numeric('price', { mode: 'bigint' }),
});
let sent;
const client = {
  query: async (config, values) => {
    sent = JSON.stringify(values ?? config.values);
    return { rows: [] };
  },
};
const db = drizzle({ client });
const value = sql.placeholder('value');
for (const column of ['label', 'details', 'price']) {
  await db.insert(items).values({ [column]: null });
  console.log(`${column} written: ${sent}`);
  await db.insert(items).values({ [column]: value }).prepare(`i_${column}`).execute({ value: null });
  console.log(`${column} inserted by placeholder: ${sent}`);
  await db.update(items).set({ [column]: value }).prepare(`u_${column}`).execute({ value: null });
  console.log(`${column} updated by placeholder: ${sent}`);
  await db.select().from(items).where(eq(items[column], value)).prepare(`s_${column}`).execute({ value: null });
  console.log(`${column} compared with placeholder: ${sent}`);
}
JS

cat >expected <<'TEXT'
label written: [null]
label inserted by placeholder: [null]
label updated by placeholder: [null]
label compared with placeholder: [null]
details written: [null]
details inserted by placeholder: ["null"]
details updated by placeholder: ["null"]
details compared with placeholder: [null]
price written: [null]
price inserted by placeholder: ["null"]
price updated by placeholder: ["null"]
price compared with placeholder: [null]
TEXT

node look.mjs | tee seen
diff expected seen
