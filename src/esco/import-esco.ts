import { z } from 'zod';
import type { Db } from '../db/session.ts';
import { only, statement } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import { parseInput, text } from '../input/validate.ts';
import { EscoError } from './errors.ts';
import { type EscoFile, type EscoRow, findFile, readTable } from './read-table.ts';
import { CHUNK, type Store, type StoreResult, storeOccupations, storeRelations } from './store.ts';
import { storeSkills } from './store-skills.ts';
import { toUnusable, type UnusableRow } from './usable-rows.ts';

/** What an import found and did. */
export interface EscoImport {
  /** How many rows of skills were usable. */
  skills: number;
  /** How many rows of occupations were usable. */
  occupations: number;
  /** How many rows that give an occupation a skill were usable. */
  relations: number;
  /** How many rows the database did not have, or had otherwise, before. */
  changed: number;
  /** The rows that were not used, in order of file and line. */
  unusable: UnusableRow[];
}

/** Whom an import tells how far it is. */
export interface EscoImportOptions {
  /** Told how many bytes of the three files are read, and how many there are. */
  onProgress?: ((done: number, total: number, file: string) => void) | undefined;
}

const folderField = text({ max: 4_096 });
const optionsField = z.strictObject({
  onProgress: z.custom<EscoImportOptions['onProgress']>().optional(),
});

interface Settings {
  nestedLoops: string;
  timeout: string;
}

const selectSettings = statement<Settings, readonly []>(
  'select_import_settings',
  `select current_setting('enable_nestloop') as "nestedLoops",
     current_setting('statement_timeout') as timeout`,
);

const changedSettings = statement<Settings, [nestedLoops: string, timeout: string]>(
  'changed_import_settings',
  `select set_config('enable_nestloop', $1, true) as "nestedLoops",
     set_config('statement_timeout', $2, true) as timeout`,
);

/**
 * Loads the CSV files of the ESCO classification, as downloaded (`skills_en.csv`,
 * `occupations_en.csv`, and `occupationSkillRelations_en.csv` or, in older releases,
 * `occupationSkillRelations.csv`; plain or gzipped), into the skills catalogue, occupations and
 * what occupations need. One transaction: all of it or nothing. `folder` is where the files are, as
 * a path of at most 4,096 characters.
 *
 * A skill is found again by its concept URI, else by its name if that skill has no URI yet. So a
 * second import changes nothing, and a later release changes names and descriptions while jobs and
 * people keep their skills; labels may move between concepts. A skill whose new label is the name
 * of a skill that these files do not rename keeps its old one, and its row is reported. Skills and
 * occupations that a release no longer has stay, and so do those of other sources, with what they
 * need; relations that it no longer has between an occupation of its own and a skill are removed.
 *
 * @throws EscoError when a file or column is missing, or a file is empty, not UTF-8, not CSV, has a
 * column twice or no usable row.
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
    const restore = await adjustSettings(tx);
    const unusable: UnusableRow[] = [];
    let before = 0;
    const load = async (file: EscoFile, columns: string[], store: Store) => {
      const onBytes = (bytes: number) => onProgress?.(before + bytes, total, file.name);
      const faults: UnusableRow[] = [];
      const result = await loadTable(tx, readTable(file, columns, onBytes), store, faults);
      // It would empty what an earlier import filled.
      if (result.used === 0) throw noUsableRow(file, faults);
      unusable.push(...faults);
      before += file.bytes;
      return result;
    };
    const labels = ['conceptUri', 'preferredLabel'];
    const skillUris = new Set<string>();
    const occupationUris = new Set<string>();
    const stored = {
      skills: await load(skills, [...labels, 'skillType'], storeSkills(skillUris)),
      occupations: await load(occupations, labels, storeOccupations(occupationUris)),
      relations: await load(
        relations,
        ['occupationUri', 'relationType', 'skillUri'],
        await storeRelations(tx, occupationUris, skillUris),
      ),
    };
    await restore();
    return {
      skills: stored.skills.used,
      occupations: stored.occupations.used,
      relations: stored.relations.used,
      changed: stored.skills.changed + stored.occupations.changed + stored.relations.changed,
      unusable,
    };
  });
}

/**
 * Returns what puts the settings back; a caller's transaction goes on after the import. A failure
 * rolls them back.
 */
async function adjustSettings(tx: Db): Promise<() => Promise<void>> {
  const { nestedLoops, timeout } = only(await selectSettings(tx));
  // Tables that were empty a moment ago look small to the planner, and it would loop over all of
  // them a row. One statement adds more than a hundred thousand relations and checks both ends of
  // each.
  await changedSettings(tx, ['off', '0']);
  return async () => {
    await changedSettings(tx, [nestedLoops, timeout]);
  };
}

function noUsableRow({ name }: EscoFile, [first]: UnusableRow[]): EscoError {
  const why = first === undefined ? 'it has only a heading' : `line ${first.line} ${first.reason}`;
  return new EscoError('FILE_EMPTY', `${name} has no usable row: ${why}`);
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
    // A release lists what earlier ones had beside what is in force.
    if (row.cells.status?.toLowerCase() === 'obsolete') {
      unusable.push(toUnusable(row, 'is obsolete'));
    } else chunk.push(row);
    if (chunk.length === CHUNK) {
      await flush(chunk);
      chunk = [];
    }
  }
  // Also when it is empty: the last call is the one that finishes.
  await flush(chunk);
  unusable.sort((left, right) => left.line - right.line);
  return sum;
}
