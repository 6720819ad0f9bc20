import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

// Usage: declare-for-both <folder of a build>
//
// The compiler writes Drizzle's types of tables and columns as Drizzle 0.45 has them. Here they
// become those of src/schema/any-drizzle.ts, which fit Drizzle 1.0 as well.

const [folder = 'dist'] = process.argv.slice(2);
const names = { PgColumn: 'Column', PgTableWithColumns: 'Table' };
const target = join(folder, 'src', 'schema', 'any-drizzle.js');

for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  const file = join(folder, path);
  if (!file.endsWith('.d.ts')) continue;
  const text = readFileSync(file, 'utf8');
  const from = relative(dirname(file), target);
  const written = text.replace(
    /import\("drizzle-orm\/pg-core"\)\.(PgColumn|PgTableWithColumns)</g,
    (_all, name: keyof typeof names) =>
      `import("${from.startsWith('.') ? from : `./${from}`}").${names[name]}<`,
  );
  if (written !== text) writeFileSync(file, written);
}
