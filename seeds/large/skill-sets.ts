import { KIND, type Plan, randomOf } from './plan.ts';
import { PowerLaw, type Random } from './random.ts';

/** A skill that a person has or a job asks for; `skill` is its rank in popularity. */
export interface SkillNeed {
  skill: number;
  /** 1 BEGINNER to 4 EXPERT. */
  level: number;
  required: boolean;
}

export const LEVELS = ['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT'] as const;

const SKILLS_OF_OCCUPATION = 12;

/** What a job asks for: mostly skills of one occupation, and some that are popular everywhere. */
export function skillsOfJob(plan: Plan, job: number): SkillNeed[] {
  const random = randomOf(plan, KIND.jobSkills, job);
  return drawSkills(plan, random, 3 + Math.floor(8 * random.next() ** 1.5));
}

/** What a person has; most have some five skills, few have thirty. */
export function skillsOfUser(plan: Plan, user: number): SkillNeed[] {
  const random = randomOf(plan, KIND.userSkills, user);
  return drawSkills(plan, random, Math.min(40, 1 + Math.floor(random.logNormal(4.5, 0.6))));
}

/**
 * The match score of DESIGN, in basis points: what share of the weight of the job's skills the person
 * reaches, a required skill weighing 2 and a nice-to-have 1.
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

/** Occupations by popularity, too: several times as many skills as occupations. */
function drawSkills(plan: Plan, random: Random, count: number): SkillNeed[] {
  const occupation = occupationsOf(plan).draw(random);
  const typical = plan.skills.drawDistinct(
    randomOf(plan, KIND.occupation, occupation),
    SKILLS_OF_OCCUPATION,
  );
  const skills = new Set<number>();
  for (const skill of typical) {
    if (skills.size < count && random.chance(0.7)) skills.add(skill);
  }
  for (const skill of plan.skills.drawDistinct(random, count - skills.size)) skills.add(skill);
  return Array.from(skills, (skill) => ({
    skill,
    level: 1 + Math.min(3, Math.floor(random.logNormal(1.2, 0.5))),
    required: random.chance(0.6),
  }));
}

const occupations = new WeakMap<Plan, PowerLaw>();

function occupationsOf(plan: Plan): PowerLaw {
  const found = occupations.get(plan) ?? new PowerLaw(Math.ceil(plan.skills.size / 10), 0.8);
  occupations.set(plan, found);
  return found;
}
