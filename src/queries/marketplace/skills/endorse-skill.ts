import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import { skillEndorsements } from '../../../schema/marketplace/skill-endorsements.ts';
import { skillIdField } from '../matching/skill-fit.ts';

const input = () =>
  z
    .strictObject({ userId: uuid, skillId: skillIdField, endorserId: uuid })
    .refine((given) => given.endorserId !== given.userId, {
      path: ['endorserId'],
      error: 'must not be the user themselves',
    });

const insertedEndorsement = prepared(
  'inserted_endorsement',
  {
    userId: skillEndorsements.userId,
    skillId: skillEndorsements.skillId,
    endorserId: skillEndorsements.endorserId,
  },
  (query, endorsement) =>
    query
      .insert(skillEndorsements)
      .values(endorsement)
      .onConflictDoNothing()
      .returning({ userId: skillEndorsements.userId }),
);

/**
 * Endorses a skill of another user. An endorsement counts once for each endorser: a second call
 * changes nothing and returns `{ added: false }`. A trigger keeps the count in
 * `user_skills.endorsements`.
 *
 * @throws NotFoundError when the user does not hold the skill, and for an unknown endorser.
 * @throws InvalidInputError
 */
export async function endorseSkill(
  db: Db,
  params: {
    /** The user whose skill it is: a UUID. */
    userId: string;
    /** The skill: a whole number from 1 to 268,435,455. */
    skillId: number;
    /** The user who endorses, another one: a UUID. */
    endorserId: string;
  },
): Promise<{
  /** False when the endorser had endorsed it before. */
  added: boolean;
}> {
  const rows = await insertedEndorsement(db, parseInput(input, params));
  return { added: rows.length > 0 };
}
