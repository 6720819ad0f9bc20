import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeSmallFiles } from '../esco/small-files.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { runCli, runCliOnTerminal } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const database = useTestDatabase();
const folder = useTemporaryFolder();
const options = () => ({ cwd: folder.path, env: { DATABASE_URL: database.url } });

const summary = (changed: number) => [
  'skills: 3',
  'occupations: 1',
  'relations: 2',
  `new or changed: ${changed}`,
  'rows not used: 7',
];

describe('azora-db import esco', () => {
  it('loads the files under either name of the relations, tells each row not used, and is done once', async () => {
    await writeSmallFiles(folder.path);
    const first = await runCli(['import', 'esco', folder.path], options());
    expect(first.code).toBe(0);
    expect(first.stdout.split('\n').slice(0, 5)).toEqual(summary(6));
    expect(first.stdout).toContain('  skills_en.csv, line 6: has no conceptUri\n');
    expect(first.stderr.split('\n')).toEqual(
      expect.arrayContaining(['skills_en.csv', 'occupations_en.csv.gz', '100%']),
    );
    const stored = async () =>
      (await database.db.$client.query('select *, xmin::text from marketplace.skills order by id'))
        .rows;
    const before = await stored();
    // Cells with line breaks and quotes came through.
    expect(before.map(({ description }) => description)).toContain('Bakes bread,\nwith care.');

    const other = join(folder.path, 'older');
    await writeSmallFiles(other, { relationsName: 'occupationSkillRelations.csv' });
    const second = await runCli(['import', 'esco', other], options());
    expect(second.stdout.split('\n').slice(0, 5)).toEqual(summary(0));
    expect(await stored()).toEqual(before);
  });

  it('draws a bar up to 100% on a terminal', async () => {
    await writeSmallFiles(folder.path);
    const { code, output } = await runCliOnTerminal(['import', 'esco', folder.path], {
      ...options(),
      prompt: 'skills:',
      answer: '',
    });
    expect(code).toBe(0);
    expect(output).toMatch(/100% (\d+)\/\1 occupationSkillRelations_en\.csv/);
  });

  it('names the file and what it lacks', async () => {
    await writeSmallFiles(folder.path);
    await writeFile(join(folder.path, 'skills_en.csv'), 'a,b\n1,2\n');
    const { code, stdout, stderr } = await runCli(['import', 'esco', folder.path], options());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('skills_en.csv has no column conceptUri, preferredLabel, skillType');
  });
});
