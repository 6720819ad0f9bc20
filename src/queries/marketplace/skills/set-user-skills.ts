import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import {
  MAX_SKILLS,
  type SkillLevelName,
  skillIdField,
  skillLevelField,
} from '../matching/skill-fit.ts';

/** A skill that a user holds. */
export interface HeldSkill {
  /** The skill: a whole number from 1 to 268,435,455. */
  skillId: number;
  /** The level at which the user states to hold it. */
  level: SkillLevelName;
}

const input = () =>
  z.strictObject({
    userId: uuid,
    skills: z
      .array(z.strictObject({ skillId: skillIdField, level: skillLevelField }))
      .max(MAX_SKILLS)
      .refine((skills) => new Set(skills.map((skill) => skill.skillId)).size === skills.length, {
        error: 'must not name a skill twice',
      }),
  });

const storedUserSkills = statement<
  { isThere: boolean },
  [userId: string, skillIds: number[], levels: SkillLevelName[]]
>('stored_user_skills', 'select marketplace.set_user_skills($1, $2, $3) as "isThere"');

/**
 * Makes these the user's skills: adds, changes levels and drops. A skill that stays keeps its
 * endorsements, and its verification if the level stays too. Callers of one user take turns by a
 * lock on the user's row, so the skills are always those of one call; at repeatable read or above
 * the second caller gets a conflict, which `transaction()` repeats.
 *
 * @throws NotFoundError for an unknown or deleted user, and for an unknown skill.
 * @throws InvalidInputError
 */
export async function setUserSkills(
  db: Db,
  params: {
    /** The user: a UUID. */
    userId: string;
    /** All skills of the user, at most 500, each once. */
    skills: HeldSkill[];
  },
): Promise<void> {
  const { userId, skills } = parseInput(input, params);
  const [result] = await storedUserSkills(db, [
    userId,
    skills.map((skill) => skill.skillId),
    skills.map((skill) => skill.level),
  ]);
  if (result?.isThere !== true) throw new NotFoundError('user', ['userId']);
}
