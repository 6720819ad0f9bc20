import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { instant, limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Skill } from '../../../schema/marketplace/skills.ts';
import type { SkillLevelName } from './skill-fit.ts';

/** A skill, or a higher level of one, that would open jobs to the user. */
export interface SkillGap extends Pick<Skill, 'name'> {
  /** The skill: a whole number from 1. */
  skillId: number;
  /** The level to reach. */
  level: SkillLevelName;
  /** The user's level today; null for a skill that they lack. */
  heldLevel: SkillLevelName | null;
  /** For how many more open jobs the user would then hold every required skill at its level. */
  jobCount: number;
  /** The newest of these jobs, at most three. */
  examples: {
    /** The job: a UUID. */
    jobId: string;
    /** The job's title. */
    title: string;
    /** Who offers it. */
    company: string;
  }[];
}

const input = () => z.strictObject({ userId: uuid, limit: limit(), now: instant.optional() });

const EXAMPLES = 3;

const selectSkillGaps = statement<SkillGap, [userId: string, limit: number, now: Date | null]>(
  'select_skill_gaps',
  `select g.skill_id as "skillId", s.name,
     (enum_range(null::marketplace.skill_level))[g.level] as level, us.level as "heldLevel",
     g.job_count::integer as "jobCount", e.examples
   from marketplace.find_skill_gaps(
     $1, $2, ${EXAMPLES}, coalesce($3::timestamptz, statement_timestamp())
   ) g
   join marketplace.skills s on s.id = g.skill_id
   left join marketplace.user_skills us on us.user_id = $1 and us.skill_id = g.skill_id
   cross join lateral (
     select jsonb_agg(
       jsonb_build_object('jobId', j.id, 'title', j.title, 'company', j.company)
       order by j.posted_at desc, j.id desc
     ) as examples
     from marketplace.jobs j
     where j.id = any (g.job_ids)
   ) e
   order by g.job_count desc, g.skill_id, g.level`,
);

/**
 * Which one skill, or higher level of a skill, would open the most jobs to the user: the count of
 * open jobs that have some skill of the user and of which they meet every required skill but this
 * one; best first, then the smaller skill id and the lower level. Exact. The jobs of a level
 * include those that ask for a lower one. Jobs that lack two required skills or more are not near,
 * and are not counted.
 *
 * Reads only postings marked `near_gap`, of the user's skills, by `skill_postings_near_gap_idx`:
 * each job has a few.
 *
 * @throws InvalidInputError
 */
export async function findSkillGaps(
  db: Db,
  params: {
    /** The user: a UUID. */
    userId: string;
    /** How many gaps at most, from 1 to 100. Default 20. */
    limit?: number | undefined;
    /** Jobs that expire by then are left out. Default: the time of the call. */
    now?: Date | undefined;
  },
): Promise<SkillGap[]> {
  const { userId, limit, now = null } = parseInput(input, params);
  return selectSkillGaps(db, [userId, limit, now]);
}
