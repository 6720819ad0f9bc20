import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, toPage } from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import type { User } from '../../../schema/identity/users.ts';
import type { Page, PageParams } from '../../page.ts';
import {
  askedSql,
  fitLister,
  type HeldLevels,
  heldSql,
  type SkillFits,
  type SkillNames,
  scoreField,
} from './skill-fit.ts';

/** For which job, and which people count. */
export interface MatchCandidatesParams extends PageParams {
  /** The job: a UUID. */
  jobId: string;
  /** Only people who hold every required skill at its level. Default false. */
  qualifiedOnly?: boolean | undefined;
  /**
   * A skill that is not verified counts as not held, for the score and for `qualifiedOnly`. Default
   * false.
   */
  verifiedOnly?: boolean | undefined;
}

/** A person who fits a job. */
export interface CandidateMatch extends SkillFits, Pick<User, 'name'> {
  /** The user: a UUID. */
  userId: string;
  /** How well they fit: 1 to 10,000 basis points, hundredths of a percent. */
  score: number;
  /** How many of the matched skills are verified. */
  verifiedCount: number;
  /** How many endorsements the matched skills have in all. */
  endorsementCount: number;
}

const count = z.int32().min(0);
const cursors = defineCursor('match_candidates', z.tuple([scoreField, count, count, uuid]));

const input = () =>
  z.strictObject({
    jobId: uuid,
    limit: limit(),
    cursor: cursors.field,
    qualifiedOnly: z.boolean().default(false),
    verifiedOnly: z.boolean().default(false),
  });

interface Row extends Omit<CandidateMatch, keyof SkillFits> {
  held: HeldLevels | null;
  /** What the job asks for; only in the first row. */
  needs: number[] | null;
  names: SkillNames | null;
}

type Values = [
  jobId: string,
  limit: number,
  qualifiedOnly: boolean,
  verifiedOnly: boolean,
  afterScore: number | null,
  afterVerified: number | null,
  afterEndorsements: number | null,
  afterUser: string | null,
];

const selectCandidates = statement<Row, Values>(
  'select_candidates',
  `select m.user_id as "userId", u.name, m.score, m.verified_count as "verifiedCount",
     m.endorsement_count as "endorsementCount",
     ${heldSql('m.user_id', '(not $4 or us.verified_at is not null)')} as held,
     case m.place when 1 then asked.needs end as needs,
     case m.place when 1 then asked.names end as names
   from marketplace.match_candidates(
     job => $1, wanted => $2, qualified_only => $3, verified_only => $4,
     after_score => $5, after_verified => $6, after_endorsements => $7, after_user => $8
   ) with ordinality m (user_id, score, verified_count, endorsement_count, place)
   join identity.users u on u.id = m.user_id
   ${askedSql('$1')}
   order by m.place`,
);

/**
 * The people who fit a job's skills best, exactly: by score, then by how many of their matched
 * skills are verified, then by those skills' endorsements, then the smaller id. Works for a job of
 * any status. Deleted users and people with none of the skills are not listed; an unknown job has
 * no skills, and so no candidates.
 *
 * Reads all holders of the job's skills from `user_skills_skill_id_idx` alone and adds up, so the
 * time grows with how many people hold them.
 *
 * @throws InvalidInputError
 */
export async function matchCandidates(
  db: Db,
  params: MatchCandidatesParams,
): Promise<Page<CandidateMatch>> {
  const given = parseInput(input, params);
  const after = given.cursor ?? ([null, null, null, null] as const);
  const rows = await selectCandidates(db, [
    given.jobId,
    given.limit + 1,
    given.qualifiedOnly,
    given.verifiedOnly,
    ...after,
  ]);
  const { items, nextCursor } = toPage(rows, given.limit, (last) =>
    cursors.encode([last.score, last.verifiedCount, last.endorsementCount, last.userId]),
  );
  const listFits = fitLister(rows[0]?.names);
  const needs = rows[0]?.needs ?? null;
  return {
    items: items.map(({ held, needs: _, names: __, ...person }) => ({
      ...person,
      ...listFits(needs, held),
    })),
    nextCursor,
  };
}
