import { z } from 'zod';
import { defineCursor, toPage } from '../../cursor.ts';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import { limit, parseInput, uuid } from '../../validate.ts';
import { type SkillFitRow, type SkillFits, skillFitsSql, toSkillFits } from './skill-fit.ts';

export interface MatchCandidatesParams {
  jobId: string;
  /** 1 to 100, by default 20. */
  limit?: number | undefined;
  cursor?: string | undefined;
  /** Only people who hold every required skill at its level. */
  qualifiedOnly?: boolean | undefined;
  /** A skill that is not verified counts as not held, for the score and for `qualifiedOnly`. */
  verifiedOnly?: boolean | undefined;
}

export interface CandidateMatch extends SkillFits {
  userId: string;
  name: string;
  /** Basis points, 1 to 10000. */
  score: number;
  /** How many of the matched skills are verified. */
  verifiedCount: number;
  /** How many endorsements the matched skills have in all. */
  endorsementCount: number;
}

const cursors = defineCursor('match_candidates', z.tuple([z.int32(), z.int32(), z.int32(), uuid]));

const input = z.strictObject({
  jobId: uuid,
  limit: limit(),
  cursor: cursors.field,
  qualifiedOnly: z.boolean().default(false),
  verifiedOnly: z.boolean().default(false),
});

interface Row extends Omit<CandidateMatch, keyof SkillFits> {
  skills: SkillFitRow[];
}

const matchCandidatesStatement = statement<Row>(
  'match_candidates',
  `select m.user_id as "userId", u.name, m.score, m.verified_count as "verifiedCount",
    m.endorsement_count as "endorsementCount", fits.skills
  from marketplace.match_candidates($1, $2, $3, $4, $5, $6, $7, $8) m
  join identity.users u on u.id = m.user_id
  ${skillFitsSql('m.user_id', '$1', '(not $4 or us.verified_at is not null)')}
  order by m.score desc, m.verified_count desc, m.endorsement_count desc, m.user_id`,
);

/**
 * The people who fit a job's skills best, exactly: by score, then by how many of their matched skills are verified, then
 * by those skills' endorsements, then the smaller id. Works for a job of any status. Deleted users and people with none
 * of the skills are not listed; an unknown job has no skills, and so no candidates.
 *
 * Reads all holders of the job's skills from `user_skills_skill_id_idx` alone and adds up, so the time grows with how many
 * people hold them.
 *
 * @throws InvalidInputError
 */
export async function matchCandidates(
  db: Db,
  params: MatchCandidatesParams,
): Promise<{ items: CandidateMatch[]; nextCursor: string | null }> {
  const given = parseInput(input, params);
  const after = given.cursor ?? [null, null, null, null];
  const rows = await matchCandidatesStatement(db, [
    given.jobId,
    given.limit + 1,
    given.qualifiedOnly,
    given.verifiedOnly,
    ...after,
  ]);
  const { items, nextCursor } = toPage(rows, given.limit, (last) =>
    cursors.encode([last.score, last.verifiedCount, last.endorsementCount, last.userId]),
  );
  return {
    items: items.map(({ skills, ...person }) => ({ ...person, ...toSkillFits(skills) })),
    nextCursor,
  };
}
