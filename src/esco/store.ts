import type { Db } from '../session.ts';
import { statement } from '../statement.ts';
import type { StoreResult, UnusableRow } from './import-esco.ts';
import type { EscoRow } from './read-table.ts';

type Store = (tx: Db, rows: EscoRow[], unusable: UnusableRow[]) => Promise<StoreResult>;

/** How many rows a store is given at a time; the last time it is fewer. */
export const CHUNK = 1_000;

const MAX_NAME = 300;
const MAX_URI = 500;

// First the skills that are there by URI or, without one, by name; then those that are not.
const upsertSkills = statement<{ id: number }>(
  'import_esco_skills',
  `with given_skills as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
      as given (source_uri, name, category, description)
  ),
  known_skills as (
    select s.id, g.*
    from given_skills g
    join marketplace.skills s on s.source_uri = g.source_uri
    union all
    select s.id, g.*
    from given_skills g
    join marketplace.skills s on lower(s.name) = lower(g.name) and s.source_uri is null
    where not exists (select from marketplace.skills t where t.source_uri = g.source_uri)
  ),
  adopted_skills as (
    update marketplace.skills s
    set source_uri = k.source_uri, name = k.name, category = k.category, description = k.description
    from known_skills k
    where s.id = k.id
    and (s.source_uri, s.name, s.category, s.description)
      is distinct from (k.source_uri, k.name, k.category, k.description)
    returning s.id
  ),
  added_skills as (
    insert into marketplace.skills (source_uri, name, category, description)
    select g.source_uri, g.name, g.category, g.description
    from given_skills g
    where not exists (select from known_skills k where k.source_uri = g.source_uri)
    order by g.source_uri
    returning id
  )
  select id from adopted_skills
  union all
  select id from added_skills`,
);

const findTakenNames = statement<{ uri: string }>(
  'find_taken_skill_names',
  `select g.source_uri as uri
  from unnest($1::text[], $2::text[]) as g (source_uri, name)
  join marketplace.skills s on lower(s.name) = lower(g.name)
  where s.source_uri <> g.source_uri`,
);

const upsertOccupations = statement<{ id: number }>(
  'import_esco_occupations',
  `insert into marketplace.occupations (source_uri, name, group_code, description)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
  order by 1
  on conflict (source_uri) do update
  set name = excluded.name, group_code = excluded.group_code, description = excluded.description
  where (occupations.name, occupations.group_code, occupations.description)
    is distinct from (excluded.name, excluded.group_code, excluded.description)
  returning id`,
);

const upsertRelations = statement<{ occupationId: number }>(
  'import_esco_relations',
  `insert into marketplace.occupation_skills (occupation_id, skill_id, essential)
  select * from unnest($1::integer[], $2::integer[], $3::boolean[])
  order by 1, 2
  on conflict (occupation_id, skill_id) do update
  set essential = excluded.essential
  where occupation_skills.essential <> excluded.essential
  returning occupation_id as "occupationId"`,
);

const dropRelations = statement<{ occupationId: number }>(
  'drop_esco_relations',
  `delete from marketplace.occupation_skills os
  where not exists (
    select from unnest($1::integer[], $2::integer[]) as kept (occupation_id, skill_id)
    where kept.occupation_id = os.occupation_id
    and kept.skill_id = os.skill_id
  )
  returning os.occupation_id as "occupationId"`,
);

const readIds = statement<{
  skillIds: Record<string, number>;
  occupationIds: Record<string, number>;
}>(
  'read_esco_ids',
  `select
    (select coalesce(jsonb_object_agg(source_uri, id), '{}') from marketplace.skills where source_uri is not null) as "skillIds",
    (select coalesce(jsonb_object_agg(source_uri, id), '{}') from marketplace.occupations) as "occupationIds"`,
);

/** What is wrong with a row that has a URI and a label, or undefined. */
function findFault(row: EscoRow, seen: Set<string>): string | undefined {
  const { conceptUri: uri = '', preferredLabel: name = '' } = row.cells;
  if (uri === '') return 'has no conceptUri';
  if (name === '') return 'has no preferredLabel';
  if (uri.length > MAX_URI) return `its conceptUri is longer than ${MAX_URI} characters`;
  if (name.length > MAX_NAME) return `its preferredLabel is longer than ${MAX_NAME} characters`;
  if ([uri, name, row.cells.description ?? ''].some((cell) => cell.includes('\0'))) {
    return 'contains a NUL character';
  }
  if (seen.has(uri)) return 'repeats a conceptUri';
  return undefined;
}

/** Sorts out the rows that cannot be used; each of the others has its key in `seen` afterwards. */
function keepUsable(
  rows: EscoRow[],
  seen: Set<string>,
  unusable: UnusableRow[],
  isNamedOnce?: Set<string>,
): EscoRow[] {
  return rows.filter((row) => {
    const label = row.cells.preferredLabel?.toLowerCase() ?? '';
    const fault =
      findFault(row, seen) ??
      (isNamedOnce?.has(label) ? 'repeats a preferredLabel of another concept' : undefined);
    if (fault !== undefined) {
      unusable.push({ file: row.file, line: row.line, reason: fault });
      return false;
    }
    seen.add(row.cells.conceptUri ?? '');
    isNamedOnce?.add(label);
    return true;
  });
}

export function storeSkills(): Store {
  const seen = new Set<string>();
  const names = new Set<string>();
  return async (tx, rows, unusable) => {
    const distinct = keepUsable(rows, seen, unusable, names);
    const uris = distinct.map(({ cells }) => cells.conceptUri);
    const labels = distinct.map(({ cells }) => cells.preferredLabel);
    const taken = new Set((await findTakenNames(tx, [uris, labels])).map(({ uri }) => uri));
    const usable = distinct.filter(({ file, line, cells }) => {
      if (!taken.has(cells.conceptUri ?? '')) return true;
      unusable.push({ file, line, reason: 'its preferredLabel is the name of another skill' });
      return false;
    });
    const changed = await upsertSkills(tx, [
      usable.map(({ cells }) => cells.conceptUri),
      usable.map(({ cells }) => cells.preferredLabel),
      usable.map(({ cells }) => cells.skillType || 'skill'),
      usable.map(({ cells }) => cells.description || null),
    ]);
    return { used: usable.length, changed: changed.length };
  };
}

export function storeOccupations(): Store {
  const seen = new Set<string>();
  return async (tx, rows, unusable) => {
    const usable = keepUsable(rows, seen, unusable);
    const changed = await upsertOccupations(tx, [
      usable.map(({ cells }) => cells.conceptUri),
      usable.map(({ cells }) => cells.preferredLabel),
      usable.map(({ cells }) => cells.iscoGroup || null),
      usable.map(({ cells }) => cells.description || null),
    ]);
    return { used: usable.length, changed: changed.length };
  };
}

/** Comes after the others, because it reads the ids that they made. A pair that is both is essential. */
export async function storeRelations(tx: Db): Promise<Store> {
  const [ids = { skillIds: {}, occupationIds: {} }] = await readIds(tx);
  const kept = new Map<string, { occupation: number; skill: number; essential: boolean }>();
  return async (db, rows, unusable) => {
    for (const { file, line, cells } of rows) {
      const occupation = ids.occupationIds[cells.occupationUri ?? ''];
      const skill = ids.skillIds[cells.skillUri ?? ''];
      const kind = cells.relationType;
      const fault =
        occupation === undefined
          ? 'names an occupation that is not in the files'
          : skill === undefined
            ? 'names a skill that is not in the files'
            : kind !== 'essential' && kind !== 'optional'
              ? 'its relationType is neither essential nor optional'
              : undefined;
      if (fault !== undefined || occupation === undefined || skill === undefined) {
        unusable.push({ file, line, reason: fault ?? '' });
        continue;
      }
      const key = `${occupation} ${skill}`;
      const essential = kind === 'essential' || kept.get(key)?.essential === true;
      kept.set(key, { occupation, skill, essential });
    }
    // The rows come in full chunks but for the last, at which everything is stored.
    if (rows.length === CHUNK) return { used: 0, changed: 0 };
    const relations = [...kept.values()];
    const occupations = relations.map(({ occupation }) => occupation);
    const skills = relations.map(({ skill }) => skill);
    const stored = await upsertRelations(db, [
      occupations,
      skills,
      relations.map(({ essential }) => essential),
    ]);
    const dropped = await dropRelations(db, [occupations, skills]);
    return { used: relations.length, changed: stored.length + dropped.length };
  };
}
