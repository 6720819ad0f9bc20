import { skills } from '../../src/schema/marketplace/skills.ts';
import { BASE_TIME, type Plan } from './plan.ts';
import { skillCategory, skillName } from './skill-names.ts';
import { range, type Writer } from './writer.ts';

/**
 * Adds the skills that the catalogue does not have yet: names are unique, so that seeds with
 * different numbers share them. Returns the ids by rank.
 */
export async function writeSkills(writer: Writer, plan: Plan): Promise<readonly number[]> {
  const ranks = [...range(0, plan.skills.size)];
  const names = ranks.map(skillName);
  const categories = ranks.map(skillCategory);
  const { rowCount } = await writer.client.query(
    `insert into marketplace.skills (name, category, created_at, updated_at)
     select name, category, $3, $3
     from unnest($1::text[], $2::text[]) with ordinality as named (name, category, rank)
     order by rank
     on conflict (public.fold_text(name)) do nothing`,
    [names, categories, new Date(BASE_TIME)],
  );
  writer.count(skills, rowCount ?? 0);
  await writer.analyze([skills]);
  const { rows } = await writer.client.query<{ id: number }>(
    `select skills.id
     from unnest($1::text[]) with ordinality as named (name, rank)
     join marketplace.skills
       on public.fold_text(skills.name) collate "C" = public.fold_text(named.name)
     order by named.rank`,
    [names],
  );
  return rows.map(({ id }) => id);
}
