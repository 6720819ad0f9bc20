import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';
import { NOW } from '../../../schema/columns.ts';
import { type UserSkill, userSkills } from '../../../schema/marketplace/user-skills.ts';
import { skillIdField } from '../matching/skill-fit.ts';

const input = () =>
  z
    .strictObject({
      userId: uuid,
      skillId: skillIdField,
      verifierId: uuid.nullable().default(null),
      verifiedAt: instant.optional(),
    })
    .refine((given) => given.verifierId !== given.userId, {
      path: ['verifierId'],
      error: 'must not be the user themselves',
    });

const verifiedSkill = prepared(
  'verified_skill',
  {
    userId: userSkills.userId,
    skillId: userSkills.skillId,
    verifierId: userSkills.verifiedBy,
    verifiedAt: userSkills.verifiedAt,
  },
  (query, { userId, skillId, verifierId, verifiedAt }) =>
    query
      .update(userSkills)
      .set({ verifiedAt: sql`coalesce(${verifiedAt}, ${sql.raw(NOW)})`, verifiedBy: verifierId })
      .where(and(eq(userSkills.userId, userId), eq(userSkills.skillId, skillId)))
      .returning(),
);

/**
 * Marks a user's skill as verified at the level that they state, by a person or, with `verifierId`
 * null, by the platform; `verifiedAt` is the server's time by default. Returns the skill.
 *
 * @throws NotFoundError when the user does not hold the skill, and for an unknown verifier.
 * @throws InvalidInputError
 */
export async function verifySkill(
  db: Db,
  params: {
    /** The user whose skill it is: a UUID. */
    userId: string;
    /** The skill: a whole number from 1 to 268,435,455. */
    skillId: number;
    /** The user who vouches for it, another one: a UUID. Default: null, for the platform. */
    verifierId?: string | null | undefined;
    /** When, in the years 1 to 9999. Default: the server's time. */
    verifiedAt?: Date | undefined;
  },
): Promise<UserSkill> {
  const { verifiedAt = null, ...given } = parseInput(input, params);
  const [skill] = await verifiedSkill(db, { ...given, verifiedAt });
  if (skill === undefined) throw new NotFoundError('user skill', ['userId', 'skillId']);
  return skill;
}
