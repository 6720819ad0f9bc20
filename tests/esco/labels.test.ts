import { beforeEach, describe, expect, it } from 'vitest';
import { importEsco } from '../../src/esco/import-esco.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { writeSmallFiles } from './small-files.ts';

const database = useTestDatabase();
const folder = useTemporaryFolder();

async function rows(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

/** Imports skills of these labels by URI; what was reported, and what there is afterwards. */
async function load(labels: [uri: string, label: string][]) {
  await writeSmallFiles(folder.path, {
    skills: labels.map(([uri, label]) => `K,${uri},knowledge,x,${label}`),
    // The same relation whatever the order, so that only skills change.
    relations: [`uri:baker,essential,x,${labels.map(([uri]) => uri).sort()[0]}`],
  });
  const { changed, unusable } = await importEsco(database.db, folder.path);
  const stored = await rows(
    `select coalesce(source_uri, 'own') as uri, name from marketplace.skills order by uri, name`,
  );
  return {
    changed,
    faults: unusable.map(({ line, reason }) => `${line}: ${reason}`),
    stored: stored.map(({ uri, name }) => `${uri} ${name}`),
  };
}

const TAKEN = 'its preferredLabel is the name of another skill';

beforeEach(async () => {
  await rows('truncate marketplace.skills, marketplace.occupations restart identity cascade');
});

describe('importEsco of a release with other labels', () => {
  it('swaps two labels at once, and then changes nothing', async () => {
    await load([
      ['a', 'alpha'],
      ['b', 'beta'],
    ]);
    const swapped: [string, string][] = [
      ['a', 'Beta'],
      ['b', 'alpha'],
    ];
    const stored = ['a Beta', 'b alpha'];
    expect(await load(swapped)).toEqual({ changed: 2, faults: [], stored });
    expect(await load(swapped)).toEqual({ changed: 0, faults: [], stored });
  });

  it('lets a label move on along a chain, from either end of the file, also over chunks', async () => {
    const fillers = Array.from({ length: 1_100 }, (_, at): [string, string] => [
      `m${at}`,
      `middle ${at}`,
    ]);
    const chain = (names: [string, string, string]): [string, string][] => [
      ['a', names[0]],
      ...fillers,
      ['b', names[1]],
      ['c', names[2]],
    ];
    await load(chain(['one', 'two', 'three']));
    const forward = await load(chain(['two', 'three', 'four']));
    expect({ ...forward, stored: forward.stored.slice(0, 3) }).toEqual({
      changed: 3,
      faults: [],
      stored: ['a two', 'b three', 'c four'],
    });
    const back = await load(chain(['one', 'two', 'three']));
    expect({ ...back, stored: back.stored.slice(0, 3) }).toEqual({
      changed: 3,
      faults: [],
      stored: ['a one', 'b two', 'c three'],
    });
    expect(await load(chain(['one', 'two', 'three']))).toMatchObject({ changed: 0, faults: [] });
  });

  it('reports a label that a skill without a URI has, and whoever wants what is then kept', async () => {
    await rows(`insert into marketplace.skills (name, category) values ('Beta', 'own')`);
    await load([
      ['a', 'alpha'],
      ['c', 'gamma'],
      ['d', 'delta'],
    ]);
    const renamed: [string, string][] = [
      ['d', 'epsilon'],
      ['c', 'alpha'],
      ['a', 'beta'],
    ];
    const stored = ['a alpha', 'c gamma', 'd epsilon', 'own Beta'];
    const faults = [`3: ${TAKEN}`, `4: ${TAKEN}`];
    expect(await load(renamed)).toEqual({ changed: 1, faults, stored });
    expect(await load(renamed)).toEqual({ changed: 0, faults, stored });
  });

  it('reports the second of two equal labels and leaves its skill the old one', async () => {
    await load([
      ['a', 'alpha'],
      ['b', 'beta'],
      ['c', 'gamma'],
    ]);
    const release: [string, string][] = [
      ['a', 'alpha'],
      ['b', 'ALPHA'],
      ['c', 'beta'],
    ];
    const faults = ['3: repeats a preferredLabel of another concept', `4: ${TAKEN}`];
    const stored = ['a alpha', 'b beta', 'c gamma'];
    expect(await load(release)).toEqual({ changed: 0, faults, stored });
  });

  it('takes labels for one that differ in case or composition only, in every database', async () => {
    const names = ['İx', 'i\u0307x', 'Σς', 'σσ', 'ΑΣ', 'ας', 'É', 'e\u0301'];
    const labels = names.map((label, at): [string, string] => [`u${at}`, label]);
    const first = await load(labels);
    expect(first.stored).toEqual(['u0 İx', 'u2 Σς', 'u4 ΑΣ', 'u6 É']);
    expect(first.faults).toHaveLength(4);
    expect(await load(labels)).toMatchObject({ changed: 0, faults: first.faults });
  });
});
