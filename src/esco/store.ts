import type { Db } from '../db/session.ts';
import { only, statement } from '../db/statement.ts';
import type { EscoRow } from './read-table.ts';
import { findFault, toUnusable, type UnusableRow } from './usable-rows.ts';

export interface StoreResult {
  used: number;
  changed: number;
}

/**
 * Takes the rows of a file, `CHUNK` at a time; the last call has fewer, perhaps none, and is the
 * one that finishes.
 */
export type Store = (tx: Db, rows: EscoRow[], unusable: UnusableRow[]) => Promise<StoreResult>;

export const CHUNK = 1_000;

const storedOccupations = statement<
  { id: number },
  [
    sourceUris: string[],
    names: string[],
    groupCodes: (string | null)[],
    descriptions: (string | null)[],
  ]
>(
  'stored_esco_occupations',
  `insert into marketplace.occupations (source_uri, name, group_code, description)
   select source_uri, name, group_code, description
   from unnest($1::text[], $2::text[], $3::text[], $4::text[])
     as given (source_uri, name, group_code, description)
   order by source_uri collate "C"
   on conflict (source_uri) do update
   set name = excluded.name, group_code = excluded.group_code, description = excluded.description
   where (occupations.name, occupations.group_code, occupations.description)
     is distinct from (excluded.name, excluded.group_code, excluded.description)
   returning id`,
);

const storedRelations = statement<
  { occupationId: number },
  [occupationIds: number[], skillIds: number[], essential: boolean[]]
>(
  'stored_esco_relations',
  `insert into marketplace.occupation_skills (occupation_id, skill_id, essential)
   select occupation_id, skill_id, essential
   from unnest($1::integer[], $2::integer[], $3::boolean[])
     as given (occupation_id, skill_id, essential)
   order by occupation_id, skill_id
   on conflict (occupation_id, skill_id) do update
   set essential = excluded.essential
   where occupation_skills.essential <> excluded.essential
   returning occupation_id as "occupationId"`,
);

const deletedRelations = statement<
  { occupationId: number },
  [occupationIds: number[], skillIds: number[], occupationIdsInFiles: number[]]
>(
  'deleted_esco_relations',
  `delete from marketplace.occupation_skills os
   where os.occupation_id in (select unnest($3::integer[]))
     and not exists (
       select from unnest($1::integer[], $2::integer[]) as kept (occupation_id, skill_id)
       where kept.occupation_id = os.occupation_id
         and kept.skill_id = os.skill_id
     )
   returning os.occupation_id as "occupationId"`,
);

/** Ids by URI; null when there are none. */
type Ids = Record<string, number> | null;

const selectIds = statement<{ skillIds: Ids; occupationIds: Ids }, readonly []>(
  'select_esco_ids',
  `select
     (
       select jsonb_object_agg(source_uri, id)
       from marketplace.skills
       where source_uri is not null
     ) as "skillIds",
     (
       select jsonb_object_agg(source_uri, id)
       from marketplace.occupations
     ) as "occupationIds"`,
);

/** Stores each chunk as it comes. `uris` gets every URI in the file. */
export function storeOccupations(uris: Set<string>): Store {
  const seen = new Set<string>();
  return async (tx, rows, unusable) => {
    const usable = rows.filter((row) => {
      const uri = row.cells.conceptUri ?? '';
      const fault = findFault(row, seen);
      uris.add(uri);
      if (fault === undefined) seen.add(uri);
      else unusable.push(toUnusable(row, fault));
      return fault === undefined;
    });
    const changed = await storedOccupations(tx, [
      usable.map(({ cells }) => cells.conceptUri ?? ''),
      usable.map(({ cells }) => cells.preferredLabel ?? ''),
      usable.map(({ cells }) => cells.iscoGroup || null),
      usable.map(({ cells }) => cells.description || null),
    ]);
    return { used: usable.length, changed: changed.length };
  };
}

/**
 * Where the ends of a relation are found: in the files, and with the ids that storing them made.
 */
interface Ends {
  kind: string;
  uris: ReadonlySet<string>;
  ids: Record<string, number>;
}

function findEnd({ kind, uris, ids }: Ends, uri = ''): number | string {
  if (!uris.has(uri) || uri === '') return `names ${kind} that is not in the files`;
  // Not of the prototype: `constructor` would be there.
  const id = Object.hasOwn(ids, uri) ? ids[uri] : undefined;
  return id ?? `names ${kind} whose row could not be used`;
}

/**
 * Collects the relations and stores them with the last chunk; those of occupations in the files
 * that are not among them are deleted. Comes after the others, because it reads the ids that they
 * made. A pair that is both is essential.
 */
export async function storeRelations(
  tx: Db,
  occupationUris: ReadonlySet<string>,
  skillUris: ReadonlySet<string>,
): Promise<Store> {
  const { occupationIds, skillIds } = only(await selectIds(tx));
  const occupationEnds = {
    kind: 'an occupation',
    uris: occupationUris,
    ids: occupationIds ?? {},
  };
  const skillEnds = { kind: 'a skill', uris: skillUris, ids: skillIds ?? {} };
  const kept = new Map<string, { occupation: number; skill: number; essential: boolean }>();
  return async (db, rows, unusable) => {
    for (const row of rows) {
      const { occupationUri, skillUri, relationType } = row.cells;
      const occupation = findEnd(occupationEnds, occupationUri);
      const skill = findEnd(skillEnds, skillUri);
      if (row.fault !== undefined) unusable.push(toUnusable(row, row.fault));
      else if (typeof occupation === 'string') unusable.push(toUnusable(row, occupation));
      else if (typeof skill === 'string') unusable.push(toUnusable(row, skill));
      else if (relationType !== 'essential' && relationType !== 'optional') {
        unusable.push(toUnusable(row, 'its relationType is neither essential nor optional'));
      } else {
        const key = `${occupation} ${skill}`;
        const essential = relationType === 'essential' || kept.get(key)?.essential === true;
        kept.set(key, { occupation, skill, essential });
      }
    }
    if (rows.length === CHUNK || kept.size === 0) return { used: 0, changed: 0 };
    const relations = [...kept.values()];
    const occupations = relations.map(({ occupation }) => occupation);
    const skills = relations.map(({ skill }) => skill);
    const stored = await storedRelations(db, [
      occupations,
      skills,
      relations.map(({ essential }) => essential),
    ]);
    const inFiles = Object.entries(occupationEnds.ids)
      .filter(([uri]) => occupationUris.has(uri))
      .map(([, id]) => id);
    const dropped = await deletedRelations(db, [occupations, skills, inFiles]);
    return { used: relations.length, changed: stored.length + dropped.length };
  };
}
