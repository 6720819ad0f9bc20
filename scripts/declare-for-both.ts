import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const names = { PgColumn: 'Column', PgTableWithColumns: 'Table' };

/**
 * The compiler writes Drizzle's types of tables and columns as Drizzle 0.45 has them. In the
 * declarations in `folder` they become those of src/schema/any-drizzle.ts, which fit Drizzle 1.0
 * as well.
 */
export function declareForBoth(folder: string): void {
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
}
