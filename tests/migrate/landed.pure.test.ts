import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLACEHOLDER } from '../../src/migrate/generate.ts';
import { checkLanded, landMigrations } from '../../src/migrate/landed.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { writeMigrations } from './fixture.ts';

const folder = useTemporaryFolder();
const files = {
  '0001_make_cats': '-- For cats.\nselect 1;',
  '0002_make_dogs': '-- For dogs.\nselect 2;',
};
const at = (name: string) => join(folder.path, 'drizzle', name);

async function landed(): Promise<string> {
  const path = await writeMigrations(join(folder.path, 'drizzle'), files);
  expect(landMigrations(path)).toEqual(Object.keys(files));
  return path;
}

describe('checkLanded', () => {
  it('finds nothing here', () => {
    expect(checkLanded()).toEqual([]);
  });

  it('finds a migration that was edited after it had landed, by a single space', async () => {
    const path = await landed();
    expect(checkLanded(path)).toEqual([]);
    await writeFile(at('0001_make_cats.sql'), '-- For cats.\nselect 1; ');
    expect(checkLanded(path)).toEqual([
      expect.stringMatching(/^0001_make_cats was edited after it had landed/),
    ]);
  });

  it('finds a migration that has landed and is gone', async () => {
    const path = await landed();
    const { '0001_make_cats': _, ...rest } = files;
    const marks = await readFile(at('meta/_landed.json'));
    await writeMigrations(path, rest);
    await writeFile(at('meta/_landed.json'), marks);
    expect(checkLanded(path)).toEqual(['0001_make_cats has landed and is gone']);
  });

  it('finds one that is not marked, and one whose comment is not filled in', async () => {
    const path = await landed();
    await rm(at('meta/_landed.json'));
    await writeFile(at('0002_make_dogs.sql'), `-- ${PLACEHOLDER}: why\nselect 2;`);
    expect(checkLanded(path)).toEqual([
      expect.stringMatching(/^0001_make_cats is not marked/),
      expect.stringMatching(/^0002_make_dogs has a comment that is still to be filled in/),
    ]);
    expect(() => landMigrations(path)).toThrow('0002_make_dogs');
  });
});

describe('landMigrations', () => {
  it('refuses one without a comment at its head', async () => {
    const path = await writeMigrations(join(folder.path, 'drizzle'), {
      '0001_make_cats': 'select 1;',
    });
    expect(() => landMigrations(path)).toThrow('0001_make_cats does not open with a comment');
  });

  it('never changes a mark', async () => {
    const path = await landed();
    await writeFile(at('0001_make_cats.sql'), 'select 3;');
    expect(landMigrations(path)).toEqual([]);
    expect(checkLanded(path)).toHaveLength(1);
  });
});
