import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../session.ts';
import { transaction } from '../transaction.ts';
import { parseInput, text } from '../validate.ts';
import { type EscoFile, type EscoRow, findFile, readTable } from './read-table.ts';
import { CHUNK, storeOccupations, storeRelations, storeSkills } from './store.ts';

export interface UnusableRow {
  file: string;
  line: number;
  reason: string;
}

export interface EscoImport {
  /** How many rows were usable. */
  skills: number;
  occupations: number;
  relations: number;
  /** What the database did not have, or had otherwise, before. */
  changed: number;
  /** The rows that were not used, in order of file and line. */
  unusable: UnusableRow[];
}

export interface EscoImportOptions {
  /** Told how many bytes of the three files are read, and how many there are. */
  onProgress?: (done: number, total: number, file: string) => void;
}

const folderField = text({ max: 4_096 });
const optionsField = z.strictObject({
  onProgress: z.custom<EscoImportOptions['onProgress']>().optional(),
});

type Store = (tx: Db, rows: EscoRow[], unusable: UnusableRow[]) => Promise<StoreResult>;

export interface StoreResult {
  used: number;
  changed: number;
}

/**
 * Loads the CSV files of the ESCO classification, as downloaded (`skills_en.csv`, `occupations_en.csv`, and
 * `occupationSkillRelations_en.csv` or, in older releases, `occupationSkillRelations.csv`; plain or gzipped), into the
 * skills catalogue, occupations and what occupations need. One transaction: all of it or nothing.
 *
 * A skill is found again by its concept URI, else by its name if that skill has no URI yet. So a second import changes
 * nothing, and a later release changes names and descriptions while jobs and people keep their skills. Skills that a
 * release no longer has stay; relations that it no longer has are removed.
 *
 * @throws EscoError when a file or column is missing, or a file is not CSV.
 * @throws InvalidInputError
 */
export async function importEsco(
  db: Db,
  folder: string,
  options: EscoImportOptions = {},
): Promise<EscoImport> {
  const { onProgress } = parseInput(optionsField, options);
  const root = parseInput(folderField, folder);
  const skills = await findFile(root, ['skills_en.csv']);
  const occupations = await findFile(root, ['occupations_en.csv']);
  const relations = await findFile(root, [
    'occupationSkillRelations_en.csv',
    'occupationSkillRelations.csv',
  ]);
  const total = skills.bytes + occupations.bytes + relations.bytes;

  return transaction(db, async (tx) => {
    // Tables that were empty a moment ago look small to the planner, and it would loop over all of them a row.
    await tx.execute(sql`set local enable_nestloop = off`);
    // One statement adds more than a hundred thousand relations and checks both ends of each.
    await tx.execute(sql`set local statement_timeout = 0`);
    const unusable: UnusableRow[] = [];
    let before = 0;
    const load = async (file: EscoFile, columns: string[], store: Store) => {
      const onBytes = (bytes: number) => onProgress?.(before + bytes, total, file.name);
      const result = await loadTable(tx, readTable(file, columns, onBytes), store, unusable);
      before += file.bytes;
      return result;
    };
    const labels = ['conceptUri', 'preferredLabel'];
    const stored = {
      skills: await load(skills, [...labels, 'skillType'], storeSkills()),
      occupations: await load(occupations, labels, storeOccupations()),
      relations: await load(
        relations,
        ['occupationUri', 'relationType', 'skillUri'],
        await storeRelations(tx),
      ),
    };
    return {
      skills: stored.skills.used,
      occupations: stored.occupations.used,
      relations: stored.relations.used,
      changed: stored.skills.changed + stored.occupations.changed + stored.relations.changed,
      unusable,
    };
  });
}

async function loadTable(
  tx: Db,
  rows: AsyncIterable<EscoRow>,
  store: Store,
  unusable: UnusableRow[],
): Promise<StoreResult> {
  const sum: StoreResult = { used: 0, changed: 0 };
  const flush = async (chunk: EscoRow[]) => {
    const { used, changed } = await store(tx, chunk, unusable);
    sum.used += used;
    sum.changed += changed;
  };
  let chunk: EscoRow[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length === CHUNK) {
      await flush(chunk);
      chunk = [];
    }
  }
  // Also when it is empty: the last call is the one that finishes.
  await flush(chunk);
  return sum;
}
