import type { PoolClient } from 'pg';
import { copyRows } from '../../seeds/large/copy.ts';
import { readOccupations } from '../../seeds/large/occupations.ts';
import { KIND, makePlan, randomOf } from '../../seeds/large/plan.ts';
import {
  drawLevel,
  LEVELS,
  type SkillNeed,
  type SkillSource,
} from '../../seeds/large/skill-source.ts';
import { range } from '../../seeds/large/writer.ts';
import { jobSkills, type NewJobSkill } from '../../src/schema/marketplace/job-skills.ts';
import { type NewUserSkill, userSkills } from '../../src/schema/marketplace/user-skills.ts';

export const SIZES = [5, 15, 30, 60] as const;
export type Source = 'esco' | 'zipf';

/** Of so many users the plan has 5,000 skills, the n-th most common as often as 1 / n. */
const plan = makePlan(100_000, 1);
/** Their ids are their places in the order of popularity, from 1 on. */
export const ZIPF_SKILLS = plan.skills.size;

export const userId = (n: number) => idOf(1, n + 1_000);
export const jobId = (n: number) => idOf(2, n);

function idOf(kind: number, n: number): string {
  return `0000000${kind}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

/**
 * What jobs ask for and people hold: that of the large seed's occupations, or skills that have
 * nothing to do with each other.
 */
export async function writeSkillsOf(
  client: PoolClient,
  source: Source,
  jobs: number,
  users: number,
): Promise<void> {
  const market = source === 'esco' ? await readOccupations(client, plan) : unrelated;
  if (market === undefined) throw new Error('there are no occupations');
  await copyRows(client, jobSkills, makeJobSkills(market, jobs));
  await copyRows(client, userSkills, makeUserSkills(market, users));
}

/** Skills of a power law, in which no skill goes with another. */
function draw(kind: 'jobSkills' | 'userSkills', index: number, least: number, most: number) {
  const random = randomOf(plan, KIND[kind], index);
  const ranks = plan.skills.drawDistinct(random, random.int(least, most));
  return Array.from(ranks, (skill) => ({
    skill,
    level: drawLevel(random),
    required: random.chance(0.7),
  }));
}

const unrelated: SkillSource = {
  skillIds: [...range(1, ZIPF_SKILLS + 1)],
  ofJob: (job) => draw('jobSkills', job, 3, 8),
  ofUser: (user) => draw('userSkills', user, Math.max(...SIZES), Math.max(...SIZES)),
};

function* makeJobSkills({ skillIds, ofJob }: SkillSource, jobs: number): Generator<NewJobSkill> {
  for (const job of range(0, jobs)) {
    for (const { skill, level, required } of ofJob(job)) {
      yield { jobId: jobId(job), skillId: skillIds[skill] ?? 0, ...named(level), required };
    }
  }
}

/** As many skills as a size says: those of one person, then of others until there are enough. */
function* makeUserSkills(
  { skillIds, ofUser }: SkillSource,
  users: number,
): Generator<NewUserSkill> {
  const at = new Date();
  for (const user of range(0, users)) {
    const size = SIZES[user % SIZES.length] ?? SIZES[0];
    const held = new Map<number, SkillNeed>();
    for (let other = user; held.size < size; other += users) {
      for (const need of ofUser(other)) if (!held.has(need.skill)) held.set(need.skill, need);
    }
    for (const [place, { skill, level }] of [...held.values()].slice(0, size).entries()) {
      const verifiedAt = (user + place) % 3 === 0 ? at : null;
      const ids = { userId: userId(user), skillId: skillIds[skill] ?? 0 };
      yield { ...ids, ...named(level), verifiedAt, endorsements: place % 4 };
    }
  }
}

const named = (level: number) => ({ level: LEVELS[level - 1] ?? ('EXPERT' as const) });
