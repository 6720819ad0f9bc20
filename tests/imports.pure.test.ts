import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const src = join(import.meta.dirname, '../src');

// What each folder may import from, beside itself and the files at the top of src. Circles are found by the linter.
const allowed: Record<string, readonly string[]> = {
  cli: ['doctor', 'migrate', 'queries', 'embedded', 'esco', 'db', 'input', 'schema', '../seeds'],
  'drizzle-config': ['migrate', 'db', 'input', 'schema'],
  doctor: ['migrate', 'queries', 'db', 'input', 'schema'],
  testing: ['migrate', 'embedded', 'db', 'schema'],
  migrate: ['catalog', 'db', 'schema'],
  queries: ['db', 'input', 'schema'],
  esco: ['db', 'input', 'schema'],
  embedded: [],
  db: ['catalog', 'input', 'schema'],
  catalog: ['schema'],
  input: [],
  schema: [],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));

/** The folder of src that a file is in; of one outside of src, that folder. */
function folderOf(path: string): string {
  const parts = path.split('/');
  return parts.slice(0, parts[0] === '..' ? 2 : 1).join('/');
}

describe('the folders of src', () => {
  test('depend on each other in one direction', () => {
    const wrong = files.flatMap(({ path, text }) => {
      const from = folderOf(path);
      const imports = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, to = '']) =>
        relative(src, join(src, dirname(path), to)),
      );
      return imports
        .filter((to) => to.includes('/') && path.includes('/'))
        .map(folderOf)
        .filter((to) => to !== from && !allowed[from]?.includes(to))
        .map((to) => `${path} imports from ${to}`);
    });
    expect(wrong).toEqual([]);
  });

  test('run nothing by the builder of a caller, which has errors and parsers of its own', () => {
    const builder = /\bdb\s*\.(?:insert|select\w*|update|delete|execute|query|with|transaction)\b/;
    const wrong = files
      .filter(({ path }) => /^(?:queries|esco)\//.test(path))
      .filter(({ text }) => builder.test(text))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });
});
