import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { importEsco } from '../../src/esco/import-esco.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const folder = useTemporaryFolder();

const skillsHeading =
  'conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,description';
const occupationsHeading = 'conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,description';
const relationsHeading = 'occupationUri,relationType,skillType,skillUri';

interface Files {
  skills?: string[];
  occupations?: string[];
  relations?: string[];
  relationsName?: string;
}

async function write({ skills, occupations, relations, relationsName }: Files) {
  const lines = (heading: string, rows: string[]) => `${[heading, ...rows].join('\n')}\n`;
  const at = (name: string) => join(folder.path, name);
  await writeFile(
    at('skills_en.csv'),
    `\ufeff${lines(
      skillsHeading,
      skills ?? [
        'K,uri:bake,skill/competence,x,bake bread,"make bread\nmake ""good"" bread","Bakes bread,\nwith care."',
        'K,uri:oven,knowledge,x,ovens,,',
        'K,,knowledge,x,nameless uri,,',
        'K,uri:empty,knowledge,x,,,',
        'K,uri:bake,knowledge,x,bake twice,,',
        'K,uri:other,knowledge,x,Ovens,,',
        'K,uri:short,knowledge,x,dough',
      ],
    )}`,
  );
  await writeFile(
    at('occupations_en.csv.gz'),
    gzipSync(
      lines(
        occupationsHeading,
        occupations ?? ['O,uri:baker,7512,baker,"bread maker\ncake maker",d'],
      ),
    ),
  );
  await writeFile(
    at(relationsName ?? 'occupationSkillRelations_en.csv'),
    lines(
      relationsHeading,
      relations ?? [
        'uri:baker,essential,skill/competence,uri:bake',
        'uri:baker,optional,knowledge,uri:oven',
        'uri:baker,essential,knowledge,uri:gone',
        'uri:nobody,essential,knowledge,uri:oven',
        'uri:baker,maybe,knowledge,uri:short',
      ],
    ),
  );
}

async function rows(text: string): Promise<unknown[]> {
  return (await database.db.$client.query(text)).rows;
}

const catalogue = () =>
  rows(`select name, category, description, source_uri from marketplace.skills order by name`);

beforeEach(async () => {
  await database.db.$client.query(
    'truncate marketplace.skills, marketplace.occupations restart identity cascade',
  );
});

describe('importEsco', () => {
  it('loads the usable rows and tells file, line and reason of the others', async () => {
    await write({});
    const result = await importEsco(database.db, folder.path);
    expect(result).toMatchObject({ skills: 3, occupations: 1, relations: 2, changed: 6 });
    expect(result.unusable).toEqual([
      { file: 'skills_en.csv', line: 6, reason: 'has no conceptUri' },
      { file: 'skills_en.csv', line: 7, reason: 'has no preferredLabel' },
      { file: 'skills_en.csv', line: 8, reason: 'repeats a conceptUri' },
      { file: 'skills_en.csv', line: 9, reason: 'repeats a preferredLabel of another concept' },
      {
        file: 'occupationSkillRelations_en.csv',
        line: 4,
        reason: 'names a skill that is not in the files',
      },
      {
        file: 'occupationSkillRelations_en.csv',
        line: 5,
        reason: 'names an occupation that is not in the files',
      },
      {
        file: 'occupationSkillRelations_en.csv',
        line: 6,
        reason: 'its relationType is neither essential nor optional',
      },
    ]);
    expect(await catalogue()).toEqual([
      {
        name: 'bake bread',
        category: 'skill/competence',
        description: 'Bakes bread,\nwith care.',
        source_uri: 'uri:bake',
      },
      { name: 'dough', category: 'knowledge', description: null, source_uri: 'uri:short' },
      { name: 'ovens', category: 'knowledge', description: null, source_uri: 'uri:oven' },
    ]);
  });

  it('changes nothing the second time, under the relations file of either name', async () => {
    await write({ relationsName: 'occupationSkillRelations.csv' });
    await importEsco(database.db, folder.path);
    const before = await rows('select *, xmin::text from marketplace.skills order by id');
    expect(await importEsco(database.db, folder.path)).toMatchObject({ skills: 3, changed: 0 });
    expect(await rows('select *, xmin::text from marketplace.skills order by id')).toEqual(before);
  });

  it('takes the labels of a later release and keeps what people hold', async () => {
    await write({});
    await importEsco(database.db, folder.path);
    await database.db.$client.query(
      `with person as (
        insert into identity.users (email, name) values ('baker@example.com', 'B') returning id
      )
      insert into marketplace.user_skills (user_id, skill_id, level)
      select person.id, s.id, 'EXPERT' from person, marketplace.skills s where s.source_uri = 'uri:bake'`,
    );
    await write({
      skills: [
        'K,uri:bake,skill/competence,x,bake all bread,,new',
        'K,uri:oven,knowledge,x,ovens,,',
      ],
      relations: ['uri:baker,optional,x,uri:bake'],
    });
    expect(await importEsco(database.db, folder.path)).toMatchObject({ changed: 3, unusable: [] });
    expect(
      await rows(
        'select s.name, us.level from marketplace.user_skills us join marketplace.skills s on s.id = us.skill_id',
      ),
    ).toEqual([{ name: 'bake all bread', level: 'EXPERT' }]);
    expect(await rows('select essential from marketplace.occupation_skills')).toEqual([
      { essential: false },
    ]);
    expect(
      await rows(`select name from marketplace.skills where source_uri = 'uri:short'`),
    ).toEqual([{ name: 'dough' }]);
  });

  it('adopts a skill of the same name that has no URI, and leaves others alone', async () => {
    await database.db.$client.query(
      `insert into marketplace.skills (id, name, category, source_uri)
      values (1, 'Bake Bread', 'own', null), (2, 'dough', 'own', 'mine:dough')`,
    );
    await write({});
    const { unusable } = await importEsco(database.db, folder.path);
    expect(unusable).toContainEqual({
      file: 'skills_en.csv',
      line: 10,
      reason: 'its preferredLabel is the name of another skill',
    });
    expect(
      await rows(
        'select id, name, category from marketplace.skills where id in (1, 2) order by id',
      ),
    ).toEqual([
      { id: 1, name: 'bake bread', category: 'skill/competence' },
      { id: 2, name: 'dough', category: 'own' },
    ]);
  });

  it('leaves everything as it was when a file lacks a column or is not there', async () => {
    await write({ relations: [] });
    await writeFile(
      join(folder.path, 'occupationSkillRelations_en.csv'),
      'occupationUri,other\na,b\n',
    );
    await expect(importEsco(database.db, folder.path)).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      message: 'occupationSkillRelations_en.csv has no column relationType, skillUri',
    });
    expect(await catalogue()).toEqual([]);
    await expect(importEsco(database.db, join(folder.path, 'no'))).rejects.toMatchObject({
      code: 'FILE_MISSING',
    });
  });

  it('tells its progress up to the end', async () => {
    await write({});
    const told: [number, number][] = [];
    await importEsco(database.db, folder.path, {
      onProgress: (done, total) => told.push([done, total]),
    });
    expect(told.at(-1)?.[0]).toBe(told.at(-1)?.[1]);
    expect(told.length).toBeGreaterThanOrEqual(3);
  });

  // The downloaded files are not part of this repository; a test of them runs where they lie beside it.
  const downloaded = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'esco');
  if (existsSync(downloaded)) {
    it('loads the downloaded classification, all but 67 relations of unknown ends', async () => {
      const result = await importEsco(database.db, downloaded);
      expect(result).toMatchObject({ skills: 13_896, occupations: 3_007, relations: 123_788 });
      expect(result.unusable).toHaveLength(67);
      expect(await importEsco(database.db, downloaded)).toMatchObject({ changed: 0 });
    }, 300_000);
  } else {
    it('has only the small file set here: the downloaded classification was not found', () => {
      expect(existsSync(downloaded)).toBe(false);
    });
  }
});
