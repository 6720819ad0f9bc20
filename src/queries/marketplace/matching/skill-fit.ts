import { z } from 'zod';
import { skillLevel } from '../../../schema/marketplace/skills.ts';

/** Lowest first. */
const skillLevels = skillLevel.enumValues;
/** How well a skill is held or asked for, lowest first. */
export type SkillLevelName = (typeof skillLevel.enumValues)[number];

/** The most skills that a job may ask for, or a person may list. */
export const MAX_SKILLS = 500;

export const skillLevelField = z.enum(skillLevels);
/** In basis points, of a match. */
export const scoreField = z.int().min(1).max(10_000);
export const skillIdField = z.int().positive().max(268_435_455);

/** How a person stands to one skill of a job. `heldLevel` is null for a skill that they lack. */
export interface SkillFit {
  /** The skill: a whole number from 1. */
  skillId: number;
  /** The skill's name. */
  name: string;
  /** Whether the job requires it; nice to have when false. */
  required: boolean;
  /** The level that the job asks for. */
  level: SkillLevelName;
  /** The level that the person holds; null for a skill that they lack. */
  heldLevel: SkillLevelName | null;
}

/** Every skill of a job, in three heaps, required ones first: why a score is what it is. */
export interface SkillFits {
  /** Those that the person holds at the job's level or above. */
  matched: SkillFit[];
  /** Those that the person lacks. */
  missing: SkillFit[];
  /** Those that the person holds below the job's level. */
  belowLevel: SkillFit[];
  /** Every required skill is held at its level. */
  qualified: boolean;
}

/**
 * The skills that a page's jobs ask for, by name: statements return them once, because much of it
 * is the same.
 */
export type SkillNames = [skillId: number, name: string][];

/** The levels at which a person holds skills, by skill id. */
export type HeldLevels = Record<number, SkillLevelName>;

/**
 * What one job asks for, whatever its status, as `asked.needs`, `asked.names` and `asked.ids`; the
 * parameter is SQL.
 */
export function askedSql(jobId: string): string {
  return `cross join (
     select
       array_agg(
         js.skill_id * 8 + (marketplace.level_number(js.level) - 1) * 2 + js.required::integer
       ) as needs,
       json_agg(json_build_array(s.id, s.name) order by s.name collate "C", s.id) as names,
       array_agg(s.id) as ids
     from marketplace.job_skills js
     join marketplace.skills s on s.id = js.skill_id
     where js.job_id = ${jobId}
   ) asked`;
}

/** Which of the skills `asked.ids` a person holds; both parameters are SQL. */
export function heldSql(userId: string, counts = 'true'): string {
  return `(
     select json_object_agg(us.skill_id, us.level)
     from marketplace.user_skills us
     where us.user_id = ${userId}
       and us.skill_id = any (asked.ids)
       and ${counts}
   )`;
}

/**
 * Makes the lists of a job from what it asks for, as job_vectors has it: skill id * 8 + (level - 1)
 * * 2 + required.
 */
export function fitLister(names: SkillNames | null | undefined) {
  const skills = new Map(names?.map(([id, name], place) => [id, { name, place }]));
  const placeOf = (code: number) => skills.get(code >> 3)?.place ?? 0;
  return (needs: readonly number[] | null, held: HeldLevels | null | undefined): SkillFits => {
    const fits: SkillFits = { matched: [], missing: [], belowLevel: [], qualified: true };
    const ordered = [...(needs ?? [])].sort((a, b) => (b & 1) - (a & 1) || placeOf(a) - placeOf(b));
    for (const code of ordered) {
      const skillId = code >> 3;
      const level = (code >> 1) & 3;
      const required = (code & 1) === 1;
      const heldLevel = held?.[skillId] ?? null;
      const isEnough = heldLevel !== null && skillLevels.indexOf(heldLevel) >= level;
      const list = heldLevel === null ? fits.missing : isEnough ? fits.matched : fits.belowLevel;
      const name = skills.get(skillId)?.name ?? '';
      list.push({ skillId, name, required, level: skillLevels[level] ?? 'EXPERT', heldLevel });
      if (required && !isEnough) fits.qualified = false;
    }
    return fits;
  };
}
