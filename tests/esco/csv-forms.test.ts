import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { importEsco } from '../../src/esco/import-esco.ts';
import { rejection } from '../setup/errors.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { writeSmallFiles } from './small-files.ts';

const database = useTestDatabase();
const folder = useTemporaryFolder();
const HEADING = 'conceptType,conceptUri,skillType,preferredLabel,status,description';
const row = (uri: string, label: string, more = 'released,') =>
  `K,${uri},knowledge,${label},${more}`;

const load = () => importEsco(database.db, folder.path);
const skills = async () =>
  (
    await database.db.$client.query(
      'select name, source_uri as uri from marketplace.skills order by source_uri',
    )
  ).rows;

async function writeSkills(content: string | Buffer) {
  await writeSmallFiles(folder.path, {
    skills: [],
    occupations: ['O,uri:baker,7512,baker,,'],
    relations: ['uri:baker,essential,knowledge,uri:a'],
  });
  await writeFile(join(folder.path, 'skills_en.csv'), content);
}

beforeEach(() =>
  database.db.$client.query(
    'truncate marketplace.skills, marketplace.occupations restart identity cascade',
  ),
);

describe('a CSV file', () => {
  it.each([
    ['CRLF, then LF', ['\r\n', '\r\n', '\n', '\r\n']],
    ['LF, then CRLF', ['\n', '\n', '\r\n', '\n']],
    ['CR, then LF', ['\r', '\r', '\n', '\r']],
  ])('keeps every row under mixed line ends: %s', async (_name, ends) => {
    const lines = [HEADING, row('uri:a', 'Öfen'), row('uri:b', '"b, ""x"""'), row('uri:c', 'c')];
    await writeSkills(lines.map((line, at) => `${line}${ends[at]}`).join(''));
    expect(await load()).toMatchObject({ skills: 3, unusable: [] });
    expect(await skills()).toEqual([
      { name: 'Öfen', uri: 'uri:a' },
      { name: 'b, "x"', uri: 'uri:b' },
      { name: 'c', uri: 'uri:c' },
    ]);
  });

  it('leaves out blanks around cells, quoted or not', async () => {
    await writeSkills(`${HEADING}\n${row(' uri:a ', '"  ovens "')}\n`);
    await load();
    expect(await skills()).toEqual([{ name: 'ovens', uri: 'uri:a' }]);
  });

  it('has its rows with too many cells and its obsolete concepts reported', async () => {
    await writeSkills(
      [
        HEADING,
        row('uri:old', 'ovens', 'obsolete,'),
        row('uri:a', 'ovens'),
        row('uri:b', 'long', 'released,half of a,description'),
        row('uri:c', 'more blanks', 'released,,,,'),
      ].join('\n'),
    );
    expect((await load()).unusable).toEqual([
      { file: 'skills_en.csv', line: 2, reason: 'is obsolete' },
      { file: 'skills_en.csv', line: 4, reason: 'has more cells than the heading' },
    ]);
    expect(await skills()).toEqual([
      { name: 'ovens', uri: 'uri:a' },
      { name: 'more blanks', uri: 'uri:c' },
    ]);
  });

  it('keeps what a skill is needed for when its row has too many cells', async () => {
    await writeSkills([HEADING, row('uri:a', 'ovens'), row('uri:b', 'b')].join('\n'));
    expect(await load()).toMatchObject({ relations: 1, unusable: [] });
    const longer = row('uri:a', 'stoves', 'released,half of a,description');
    await writeSkills([HEADING, longer, row('uri:b', 'b')].join('\n'));
    expect(await load()).toMatchObject({ relations: 1, changed: 0, unusable: [{ line: 2 }] });
  });

  it('takes columns without a name, and OBSOLETE for obsolete', async () => {
    const lines = [`${HEADING},,`, row('uri:old', 'old', 'OBSOLETE,,,'), row('uri:a', 'a')];
    await writeSkills(lines.join('\n'));
    expect(await load()).toMatchObject({
      skills: 1,
      unusable: [{ line: 2, reason: 'is obsolete' }],
    });
  });

  const many = Array.from({ length: 5_000 }, (_, at) => row(`uri:${at}`, `"skill\n${at}"`));

  it.each([
    [
      'bytes of Windows-1252',
      Buffer.from(
        [HEADING, ...many, row('uri:x', 'Öfen'), row('uri:y', 'Öle')].join('\r\n'),
        'latin1',
      ),
      'skills_en.csv is not UTF-8: line 10002 holds bytes of another encoding',
    ],
    [
      'UTF-16',
      Buffer.from(`\ufeff${HEADING}\n`, 'utf16le'),
      'skills_en.csv is not UTF-8: it looks like UTF-16',
    ],
    [
      'a quote that is never closed',
      [HEADING, ...many, row('uri:x', '"ovens')].join('\n'),
      'skills_en.csv: a row after line 10000 has a quote that is never closed',
    ],
    [
      'a quote that is not doubled',
      [HEADING, '', row('uri:a', 'a'), row('uri:x', '"o"vens"'), ...many].join('\n'),
      'skills_en.csv: a row after line 3 has a quote inside of a quoted cell that is not doubled',
    ],
    ['a doubled heading', `${HEADING},status\n`, 'skills_en.csv has the column status twice'],
  ])('is refused with %s, and nothing is written', async (_what, content, message) => {
    await writeSkills(content);
    expect(await rejection(load())).toMatchObject({ name: 'EscoError', message });
    expect(await skills()).toEqual([]);
  });
});
