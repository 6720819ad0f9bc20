import type { Random } from './random.ts';

/** A skill that a person has or a job asks for; `skill` is its place in the source's `skillIds`. */
export interface SkillNeed {
  skill: number;
  /** 1 BEGINNER to 4 EXPERT. */
  level: number;
  required: boolean;
}

/**
 * Where skills come from: occupations that were imported, or a power law. Any row can be made again
 * from its number.
 */
export interface SkillSource {
  /** The ids in this database; some thousands at any scale. */
  skillIds: readonly number[];
  ofJob(job: number): SkillNeed[];
  ofUser(user: number): SkillNeed[];
}

export const LEVELS = ['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT'] as const;

/** Mostly the lower levels, seldom EXPERT. */
export function drawLevel(random: Random): number {
  return 1 + Math.min(3, Math.floor(random.logNormal(1.2, 0.5)));
}

/**
 * The match score of DESIGN, in basis points: what share of the weight of the job's skills the
 * person reaches, a required skill weighing 2 and a nice-to-have 1.
 */
export function matchScore(wanted: readonly SkillNeed[], held: readonly SkillNeed[]): number {
  const levels = new Map(held.map(({ skill, level }) => [skill, level]));
  let reached = 0;
  let all = 0;
  for (const { skill, level, required } of wanted) {
    const weight = required ? 2 : 1;
    // In twelfths, which every quotient of two levels is a multiple of.
    reached += weight * Math.min(12, (12 * (levels.get(skill) ?? 0)) / level);
    all += 12 * weight;
  }
  return Math.floor((10_000 * reached) / all);
}
