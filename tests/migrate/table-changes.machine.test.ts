import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTableChanges } from '../../src/migrate/table-changes.ts';
import { packageRoot } from '../../src/package-root.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';

const folder = useTemporaryFolder();

describe('findTableChanges', () => {
  it('finds nothing here: the migrations are what the schema generates', async () => {
    expect(await findTableChanges()).toBe('');
  });

  it('finds the statement for a table that no migration creates', async () => {
    const module = join(packageRoot(), 'src', 'schema', 'index.ts');
    const kit = join(packageRoot(), 'node_modules', 'drizzle-orm', 'pg-core', 'index.js');
    const path = join(folder.path, 'schema.ts');
    await writeFile(
      path,
      `export * from ${JSON.stringify(module)};
       import { identity } from ${JSON.stringify(module)};
       import { integer } from ${JSON.stringify(kit)};
       export const shoes = identity.table('shoes', { size: integer('size') });`,
    );
    expect(await findTableChanges(relative(packageRoot(), path))).toMatch(
      /^CREATE TABLE "identity"."shoes" \(\s+"size" integer\s+\);/,
    );
  });

  it('fails when drizzle-kit does, instead of finding nothing', async () => {
    await expect(findTableChanges('./src/schema/no-such-file.ts')).rejects.toThrow(
      /drizzle-kit generate failed:.*no-such-file/s,
    );
  });
});
