import { z } from 'zod';
import type { Db } from '../../connect.ts';
import { statement } from '../../statement.ts';
import { parseInput, uuid } from '../../validate.ts';
import { MAX_SKILLS, type SkillLevelName, skillIdField, skillLevelField } from './skill-fit.ts';

export interface HeldSkill {
  skillId: number;
  level: SkillLevelName;
}

const input = z.strictObject({
  userId: uuid,
  skills: z
    .array(z.strictObject({ skillId: skillIdField, level: skillLevelField }))
    .max(MAX_SKILLS)
    .refine((skills) => new Set(skills.map((skill) => skill.skillId)).size === skills.length, {
      error: 'must not name a skill twice',
    }),
});

const setStatement = statement<{ skillId: number }>(
  'set_user_skills',
  `with given_skills as (
    select * from unnest($2::integer[], $3::marketplace.skill_level[]) as given (skill_id, level)
  ),
  dropped_skills as (
    delete from marketplace.user_skills
    where user_id = $1
    and skill_id <> all ($2)
  )
  insert into marketplace.user_skills (user_id, skill_id, level)
  select $1, skill_id, level
  from given_skills
  order by skill_id
  on conflict (user_id, skill_id) do update
  set level = excluded.level, verified_at = null, verified_by = null
  where user_skills.level <> excluded.level
  returning skill_id as "skillId"`,
);

/**
 * Makes these the user's skills: adds, changes levels and drops, in one statement. A skill whose level stays keeps its
 * verification and endorsements; a new level has to be verified again.
 *
 * @throws ConstraintError for an unknown user (`user_skills_user_id_fkey`) or skill (`user_skills_skill_id_fkey`).
 * @throws InvalidInputError
 */
export async function setUserSkills(
  db: Db,
  params: { userId: string; skills: HeldSkill[] },
): Promise<void> {
  const { userId, skills } = parseInput(input, params);
  await setStatement(db, [
    userId,
    skills.map((skill) => skill.skillId),
    skills.map((skill) => skill.level),
  ]);
}
