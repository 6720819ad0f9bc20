import { KIND, type Plan, randomOf } from './plan.ts';
import { PowerLaw, type Random } from './random.ts';
import { drawLevel, type SkillNeed, type SkillSource } from './skill-source.ts';

const SKILLS_OF_OCCUPATION = 12;

/**
 * Skills that are popular by a power law, `skillIds` by their rank, for a database without imported
 * occupations.
 */
export function powerLawSkills(plan: Plan, skillIds: readonly number[]): SkillSource {
  const occupations = new PowerLaw(Math.ceil(plan.skills.size / 10), 0.8);
  return {
    skillIds,
    /** Mostly skills of one occupation, and some that are popular everywhere. */
    ofJob(job) {
      const random = randomOf(plan, KIND.jobSkills, job);
      return drawSkills(plan, occupations, random, 3 + Math.floor(8 * random.next() ** 1.5));
    },
    /** Most people have some five skills, few have thirty. */
    ofUser(user) {
      const random = randomOf(plan, KIND.userSkills, user);
      const count = Math.min(40, 1 + Math.floor(random.logNormal(4.5, 0.6)));
      return drawSkills(plan, occupations, random, count);
    },
  };
}

/** Occupations by popularity, too: several times as many skills as occupations. */
function drawSkills(plan: Plan, occupations: PowerLaw, random: Random, count: number): SkillNeed[] {
  const occupation = occupations.draw(random);
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
    level: drawLevel(random),
    required: random.chance(0.6),
  }));
}
