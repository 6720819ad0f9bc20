import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importEsco } from '../../src/esco/import-esco.ts';
import { findFile, readTable } from '../../src/esco/read-table.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

// The downloaded files are not part of this repository; a test of them runs where they are told of or lie beside it.
const folder =
  process.env.ESCO_FOLDER ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'esco');

async function countRows(names: string[]): Promise<number> {
  let count = 0;
  for await (const _ of readTable(await findFile(folder, names), [], () => undefined)) count += 1;
  return count;
}

const V1_1_1 = { skills: 13_896, occupations: 3_007, relations: 123_855 };

describe('importEsco of the downloaded classification', () => {
  if (!existsSync(folder)) {
    it('was not tried: only the small file set is here', () => {
      expect(existsSync(folder)).toBe(false);
    });
    return;
  }

  it('uses or reports every row of the files, and changes nothing the second time', async () => {
    const inFiles = {
      skills: await countRows(['skills_en.csv']),
      occupations: await countRows(['occupations_en.csv']),
      relations: await countRows([
        'occupationSkillRelations_en.csv',
        'occupationSkillRelations.csv',
      ]),
    };
    const result = await importEsco(database.db, folder);
    const reported = (name: string) =>
      result.unusable.filter(({ file }) => file.startsWith(name)).length;
    expect(result.skills).toBe(inFiles.skills - reported('skills'));
    expect(result.occupations).toBe(inFiles.occupations - reported('occupations'));
    // A pair may be there twice, essential and optional.
    expect(result.relations).toBeLessThanOrEqual(inFiles.relations - reported('occupationSkill'));
    const { rows } = await database.db.$client.query(
      `select
        (select count(*)::int from marketplace.skills where source_uri is not null) as skills,
        (select count(*)::int from marketplace.occupations) as occupations,
        (select count(*)::int from marketplace.occupation_skills) as relations`,
    );
    const { skills, occupations, relations } = result;
    expect(rows).toEqual([{ skills, occupations, relations }]);
    if (JSON.stringify(inFiles) === JSON.stringify(V1_1_1)) {
      expect({ skills, occupations, relations }).toEqual({ ...V1_1_1, relations: 123_788 });
      expect(result.unusable).toHaveLength(67);
    }
    expect(await importEsco(database.db, folder)).toMatchObject({ changed: 0, skills });
  }, 300_000);
});
