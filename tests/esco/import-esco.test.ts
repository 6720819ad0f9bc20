import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, it } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import { importEsco } from '../../src/esco/import-esco.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { type SmallFiles, writeSmallFiles } from './small-files.ts';

const database = useTestDatabase();
const folder = useTemporaryFolder();

const write = (files: SmallFiles = {}) => writeSmallFiles(folder.path, files);

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

  it('refuses a file of which no row can be used, and leaves what is there', async () => {
    await write({});
    await importEsco(database.db, folder.path);
    const relations = () => rows('select count(*)::int from marketplace.occupation_skills');
    expect(await relations()).toEqual([{ count: 2 }]);
    await write({ relations: [] });
    await expect(importEsco(database.db, folder.path)).rejects.toMatchObject({
      code: 'FILE_EMPTY',
      message: 'occupationSkillRelations_en.csv has no usable row: it has only a heading',
    });
    await write({ skills: ['K,,knowledge,x,nameless uri,,'] });
    await expect(importEsco(database.db, folder.path)).rejects.toMatchObject({
      code: 'FILE_EMPTY',
      message: 'skills_en.csv has no usable row: line 2 has no conceptUri',
    });
    expect(await relations()).toEqual([{ count: 2 }]);
  });

  it('tells the line of a row after empty lines and cells with line breaks', async () => {
    await write({
      skills: [
        '',
        'K,uri:a,knowledge,x,,,',
        'K,uri:bake,skill/competence,x,bake bread,,"two\r\n\r\nlines"',
        '',
        '   ',
        'K,uri:b,knowledge,x,,,',
      ],
      relations: ['uri:baker,essential,x,uri:bake'],
    });
    const { unusable } = await importEsco(database.db, folder.path);
    expect(unusable.map(({ line }) => line)).toEqual([3, 9]);
  });

  it('says of a file without a single byte that it is empty', async () => {
    await write({});
    await writeFile(join(folder.path, 'occupations_en.csv'), '');
    await expect(importEsco(database.db, folder.path)).rejects.toMatchObject({
      code: 'FILE_EMPTY',
      message: 'occupations_en.csv is empty',
    });
  });

  it.each(['constructor', '__proto__'])(
    'reports a relation of the unusable row %s',
    async (uri) => {
      await write({
        skills: ['K,uri:bake,skill/competence,x,bake bread,,', `K,${uri},knowledge,x,,,`],
        relations: ['uri:baker,essential,x,uri:bake', `uri:baker,essential,x,${uri}`],
      });
      const { relations, unusable } = await importEsco(database.db, folder.path);
      expect(relations).toBe(1);
      expect(unusable.map(({ reason }) => reason)).toEqual([
        'has no preferredLabel',
        'names a skill whose row could not be used',
      ]);
    },
  );

  it('refuses a label of spaces, and counts characters as PostgreSQL does', async () => {
    await write({
      skills: [
        'K,uri:bake,knowledge,x,"  ",,',
        `K,uri:300,knowledge,x,${'🍞'.repeat(300)},,`,
        `K,uri:301,knowledge,x,${'🍞'.repeat(301)},,`,
      ],
      relations: ['uri:baker,essential,x,uri:300'],
    });
    const { skills, unusable } = await importEsco(database.db, folder.path);
    expect(skills).toBe(1);
    expect(unusable.map(({ reason }) => reason)).toEqual([
      'has no preferredLabel',
      'its preferredLabel is longer than 300 characters',
    ]);
  });

  it('names a row whose description the table would refuse', async () => {
    await write({
      skills: [
        `K,uri:long,knowledge,x,baking,,${'a'.repeat(100_001)}`,
        'K,uri:300,knowledge,x,rolling,,',
      ],
      relations: ['uri:baker,essential,x,uri:300'],
    });
    const { unusable } = await importEsco(database.db, folder.path);
    expect(unusable[0]?.reason).toBe('its description is longer than 100000 characters');
  });

  it('leaves what occupations of another source need', async () => {
    await write({});
    await importEsco(database.db, folder.path);
    await database.db.$client.query(
      `with own_occupations as (
        insert into marketplace.occupations (source_uri, name) values ('mine:chef', 'chef') returning id
      )
      insert into marketplace.occupation_skills (occupation_id, skill_id, essential)
      select o.id, s.id, true from own_occupations o, marketplace.skills s where s.source_uri = 'uri:oven'`,
    );
    await write({ relations: ['uri:baker,essential,x,uri:bake'] });
    await importEsco(database.db, folder.path);
    expect(
      await rows(
        `select o.source_uri as occupation, s.source_uri as skill
        from marketplace.occupation_skills
        join marketplace.occupations o on o.id = occupation_id
        join marketplace.skills s on s.id = skill_id
        order by o.id`,
      ),
    ).toEqual([
      { occupation: 'uri:baker', skill: 'uri:bake' },
      { occupation: 'mine:chef', skill: 'uri:oven' },
    ]);
  });

  it('tells a relation of an unusable row from one of a row that is not there', async () => {
    await write({
      relations: [
        'uri:baker,essential,x,uri:bake',
        'uri:baker,essential,x,uri:empty',
        'uri:baker,essential,x,uri:gone',
      ],
    });
    const { unusable } = await importEsco(database.db, folder.path);
    expect(unusable.slice(-2).map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'names a skill whose row could not be used'],
      [4, 'names a skill that is not in the files'],
    ]);
  });

  it('takes no relation of a skill that only an earlier release has', async () => {
    await write({});
    await importEsco(database.db, folder.path);
    await write({
      skills: ['K,uri:bake,skill/competence,x,bake bread,,new'],
      relations: ['uri:baker,essential,x,uri:bake', 'uri:baker,essential,x,uri:oven'],
    });
    const { relations, unusable } = await importEsco(database.db, folder.path);
    expect(relations).toBe(1);
    expect(unusable.map(({ reason }) => reason)).toEqual([
      'names a skill that is not in the files',
    ]);
  });

  it('gives a caller back the settings of their transaction', async () => {
    await write({});
    const read = `select current_setting('enable_nestloop') as loops, current_setting('statement_timeout') as timeout`;
    await transaction(database.db, async (tx) => {
      await tx.execute(sql`set local statement_timeout = '77s'`);
      const before = (await tx.execute(sql.raw(read))).rows;
      expect(before).toEqual([{ loops: 'on', timeout: '77s' }]);
      await importEsco(tx, folder.path);
      expect((await tx.execute(sql.raw(read))).rows).toEqual(before);
    });
  });
});
