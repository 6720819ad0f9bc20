import type { Db } from '../db/session.ts';
import { statement } from '../db/statement.ts';
import type { EscoRow } from './read-table.ts';
import { CHUNK, type Store } from './store.ts';
import { findFault, toUnusable, type UnusableRow } from './usable-rows.ts';

interface LabelRow {
  key: string;
  knownId: number | null;
  knownKey: string | null;
  holderId: number | null;
  isHolderFree: boolean;
}

// Names are compared as the unique index does. The skill that
// has a label already matters only if these files do not rename it: one of another source, or one
// without a URI.
const selectLabels = statement<LabelRow, [sourceUris: string[], names: string[]]>(
  'select_esco_labels',
  `with given_labels as (
     select source_uri, name, place
     from unnest($1::text[], $2::text[]) with ordinality as given (source_uri, name, place)
   )
   select public.fold_text(g.name) as key, k.id as "knownId",
     public.fold_text(k.name) as "knownKey",
     h.id as "holderId", h.source_uri is null as "isHolderFree"
   from given_labels g
   left join marketplace.skills k on k.source_uri = g.source_uri
   left join (
     select s.id, s.name, s.source_uri
     from marketplace.skills s
     where not exists (select from given_labels o where o.source_uri = s.source_uri)
   ) h on public.fold_text(h.name) = public.fold_text(g.name)
   order by g.place`,
);

const freedNames = statement<{ id: number }, [ids: number[]]>(
  'freed_skill_names',
  `update marketplace.skills
   set name = 'being renamed: ' || id || ' ' || gen_random_uuid()
   where id = any ($1)
   returning id`,
);

const storedSkills = statement<
  { id: number },
  [
    ids: (number | null)[],
    sourceUris: string[],
    names: string[],
    categories: string[],
    descriptions: (string | null)[],
  ]
>(
  'stored_esco_skills',
  `with given_skills as (
     select id, source_uri, name, category, description
     from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[])
       as given (id, source_uri, name, category, description)
   ),
   changed_skills as (
     update marketplace.skills s
     set source_uri = g.source_uri, name = g.name, category = g.category,
       description = g.description
     from given_skills g
     where s.id = g.id
       and (s.source_uri, s.name, s.category, s.description)
         is distinct from (g.source_uri, g.name, g.category, g.description)
     returning s.id
   ),
   added_skills as (
     insert into marketplace.skills (source_uri, name, category, description)
     select source_uri, name, category, description
     from given_skills
     where id is null
     order by source_uri collate "C"
     returning id
   )
   select id from changed_skills
   union all
   select id from added_skills`,
);

interface Concept {
  row: EscoRow;
  /** Its label, folded. */
  key: string;
  /** The skill with its URI, and that skill's name, folded; else null. */
  knownId: number | null;
  knownKey: string | null;
  /**
   * The skill that it becomes: the known one, or one of its name that has no URI. Null: a new one.
   */
  id: number | null;
  fault: string | undefined;
}

const REPEATED = 'repeats a preferredLabel of another concept';
const TAKEN = 'its preferredLabel is the name of another skill';

/**
 * Collects the skills and stores them with the last chunk, because whether a label is free depends
 * on all of them: two concepts may swap their labels, or one take what another gives up. `uris`
 * gets every URI in the file.
 */
export function storeSkills(uris: Set<string>): Store {
  const rows: EscoRow[] = [];
  const seen = new Set<string>();
  const faulty: UnusableRow[] = [];
  return async (tx, chunk, unusable) => {
    for (const row of chunk) {
      const uri = row.cells.conceptUri ?? '';
      const fault = findFault(row, seen);
      uris.add(uri);
      if (fault === undefined) {
        seen.add(uri);
        rows.push(row);
      } else faulty.push(toUnusable(row, fault));
    }
    if (chunk.length === CHUNK) return { used: 0, changed: 0 };

    const concepts = await readConcepts(tx, rows);
    refuseTakenLabels(concepts);
    const refused = concepts.flatMap(({ row, fault }) =>
      fault === undefined ? [] : [toUnusable(row, fault)],
    );
    unusable.push(...[...faulty, ...refused].sort((a, b) => a.line - b.line));
    const usable = concepts.filter(({ fault }) => fault === undefined);
    return { used: usable.length, changed: await save(tx, usable) };
  };
}

async function readConcepts(tx: Db, rows: EscoRow[]): Promise<Concept[]> {
  const labels = await selectLabels(tx, [
    rows.map(({ cells }) => cells.conceptUri ?? ''),
    rows.map(({ cells }) => cells.preferredLabel ?? ''),
  ]);
  const seen = new Set<string>();
  return labels.flatMap(({ key, knownId, knownKey, holderId, isHolderFree }, at) => {
    const row = rows[at];
    if (row === undefined) return [];
    // A skill without a URI becomes the concept of its name, unless that concept has a skill of its
    // own: people may hold either, and making one of two is not for an import.
    const isAdopting = holderId !== null && isHolderFree && knownId === null;
    const isTaken = holderId !== null && !isAdopting;
    const fault = seen.has(key) ? REPEATED : isTaken ? TAKEN : undefined;
    seen.add(key);
    return [{ row, key, knownId, knownKey, id: isAdopting ? holderId : knownId, fault }];
  });
}

/**
 * A known skill that cannot get its new label keeps the old one, so nobody else can have that, and
 * so on.
 */
function refuseTakenLabels(concepts: Concept[]): void {
  const byKey = new Map(
    concepts.filter(({ fault }) => fault === undefined).map((concept) => [concept.key, concept]),
  );
  const refused = concepts.filter(({ fault }) => fault !== undefined);
  for (const { knownKey } of refused) {
    const next = knownKey === null ? undefined : byKey.get(knownKey);
    if (next === undefined || next.fault !== undefined) continue;
    next.fault = TAKEN;
    // The loop comes to it, too.
    refused.push(next);
  }
}

/**
 * Gives up the names that go to other skills first, so that the order of the others does not
 * matter.
 */
async function save(tx: Db, concepts: Concept[]): Promise<number> {
  const wanted = new Map(concepts.map(({ key, id }) => [key, id]));
  const freed = concepts.filter(
    ({ knownId, knownKey }) =>
      knownKey !== null && wanted.has(knownKey) && wanted.get(knownKey) !== knownId,
  );
  if (freed.length > 0) await freedNames(tx, [freed.flatMap(({ knownId }) => knownId ?? [])]);
  let changed = 0;
  for (let from = 0; from < concepts.length; from += CHUNK) {
    const part = concepts.slice(from, from + CHUNK);
    const cells = part.map(({ row }) => row.cells);
    const stored = await storedSkills(tx, [
      part.map(({ id }) => id),
      cells.map(({ conceptUri }) => conceptUri ?? ''),
      cells.map(({ preferredLabel }) => preferredLabel ?? ''),
      cells.map(({ skillType }) => skillType || 'skill'),
      cells.map(({ description }) => description || null),
    ]);
    changed += stored.length;
  }
  return changed;
}
