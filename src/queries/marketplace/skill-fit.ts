import { z } from 'zod';

/** The levels of a skill, lowest first. */
export const skillLevels = ['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT'] as const;
export type SkillLevelName = (typeof skillLevels)[number];

/** The most skills that a job may ask for, or a person may list. */
export const MAX_SKILLS = 500;

export const skillLevelField = z.enum(skillLevels);
export const skillIdField = z.int().positive().max(268_435_455);

/** How a person stands to one skill of a job. `heldLevel` is null for a skill that they lack. */
export interface SkillFit {
  skillId: number;
  name: string;
  required: boolean;
  level: SkillLevelName;
  heldLevel: SkillLevelName | null;
}

/** Every skill of a job, in three heaps, required ones first: why a score is what it is. */
export interface SkillFits {
  matched: SkillFit[];
  missing: SkillFit[];
  belowLevel: SkillFit[];
  /** Every required skill is held at its level. */
  qualified: boolean;
}

/** What the statements return for one skill, as JSON. */
export interface SkillFitRow extends SkillFit {
  enough: boolean;
}

/**
 * Lists the skills of a job with the level at which a person holds each, as `fits.skills`; all three parameters are SQL.
 * The match functions join it to their few results only.
 */
export function skillFitsSql(userId: string, jobId: string, counts = 'true'): string {
  return `cross join lateral (
    select jsonb_agg(
      jsonb_build_object(
        'skillId', js.skill_id,
        'name', s.name,
        'required', js.required,
        'level', js.level,
        'heldLevel', us.level,
        'enough', us.level >= js.level
      )
      order by js.required desc, s.name, js.skill_id
    ) as skills
    from marketplace.job_skills js
    join marketplace.skills s on s.id = js.skill_id
    left join marketplace.user_skills us on us.user_id = ${userId} and us.skill_id = js.skill_id
      and ${counts}
    where js.job_id = ${jobId}
  ) fits`;
}

export function toSkillFits(rows: SkillFitRow[] | null): SkillFits {
  const fits: SkillFits = { matched: [], missing: [], belowLevel: [], qualified: true };
  for (const { enough, ...fit } of rows ?? []) {
    if (enough) fits.matched.push(fit);
    else if (fit.heldLevel === null) fits.missing.push(fit);
    else fits.belowLevel.push(fit);
    if (fit.required && !enough) fits.qualified = false;
  }
  return fits;
}
