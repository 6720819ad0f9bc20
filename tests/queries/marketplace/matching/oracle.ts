/** The scores of the definition, computed in the plainest way, to compare the queries with. */
export const LEVELS = ['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT'] as const;
export type Level = (typeof LEVELS)[number];

export interface OracleJob {
  id: string;
  status: 'ACTIVE' | 'FILLED' | 'CLOSED' | 'EXPIRED';
  deleted: boolean;
  /** Text with microseconds, which a Date has not; its order is that of time. */
  postedAt: string;
  expiresAt: Date | null;
  remote: boolean;
  location: string | null;
  currency: string | null;
  salaryMin: bigint | null;
  salaryMax: bigint | null;
  skills: { skillId: number; level: Level; required: boolean }[];
}

export interface OracleSkill {
  skillId: number;
  level: Level;
  verified: boolean;
  endorsements: number;
}

export interface OraclePerson {
  id: string;
  skills: OracleSkill[];
}

export interface Filter {
  qualifiedOnly?: boolean;
  remote?: boolean;
  location?: string;
  minSalary?: bigint;
  currency?: string;
}

export function score(job: OracleJob, held: OracleSkill[]) {
  let twelfths = 0;
  let weights = 0;
  let qualified = true;
  const unmet: OracleJob['skills'] = [];
  let verified = 0;
  let endorsements = 0;
  for (const skill of job.skills) {
    const mine = held.find((candidate) => candidate.skillId === skill.skillId);
    const have = mine === undefined ? 0 : LEVELS.indexOf(mine.level) + 1;
    const want = LEVELS.indexOf(skill.level) + 1;
    const weight = skill.required ? 2 : 1;
    weights += weight;
    twelfths += weight * Math.min(12, (12 * have) / want);
    if (mine !== undefined && have >= want) {
      if (mine.verified) verified += 1;
      endorsements += mine.endorsements;
    }
    if (skill.required && have < want) {
      qualified = false;
      unmet.push(skill);
    }
  }
  const value = weights === 0 ? 0 : Math.floor((10_000 * twelfths) / (12 * weights));
  return { score: value, qualified, unmet, verified, endorsements };
}

/** Where each skill of a job belongs, required ones first, then the smaller id, which is also the smaller name. */
export function fits(job: OracleJob, held: OracleSkill[]) {
  const all = job.skills
    .toSorted((a, b) => Number(b.required) - Number(a.required) || a.skillId - b.skillId)
    .map((skill) => {
      const mine = held.find((candidate) => candidate.skillId === skill.skillId);
      const isEnough =
        mine !== undefined && LEVELS.indexOf(mine.level) >= LEVELS.indexOf(skill.level);
      return { isEnough, fit: { ...skill, heldLevel: mine?.level ?? null } };
    });
  const heap = (belongs: (one: (typeof all)[number]) => boolean) =>
    all.filter(belongs).map(({ fit }) => fit);
  return {
    matched: heap(({ isEnough }) => isEnough),
    missing: heap(({ fit }) => fit.heldLevel === null),
    belowLevel: heap(({ isEnough, fit }) => !isEnough && fit.heldLevel !== null),
  };
}

/** Newer first, then the greater id. */
function byAge(a: OracleJob, b: OracleJob): number {
  if (a.postedAt !== b.postedAt) return a.postedAt < b.postedAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

function isOpen(job: OracleJob, now: Date): boolean {
  const { status, deleted, expiresAt } = job;
  return status === 'ACTIVE' && !deleted && (expiresAt === null || expiresAt > now);
}

export function rankJobs(jobs: OracleJob[], person: OraclePerson, filter: Filter, now: Date) {
  return jobs
    .filter((job) => isOpen(job, now))
    .map((job) => ({ job, ...score(job, person.skills) }))
    .filter(({ job, score: value, qualified }) => {
      const top = job.salaryMax ?? job.salaryMin;
      return (
        value > 0 &&
        (!filter.qualifiedOnly || qualified) &&
        (filter.remote === undefined || job.remote === filter.remote) &&
        (filter.location === undefined ||
          job.location?.toLowerCase() === filter.location.toLowerCase()) &&
        (filter.currency === undefined || job.currency === filter.currency) &&
        (filter.minSalary === undefined || (top !== null && top >= filter.minSalary))
      );
    })
    .sort((a, b) => b.score - a.score || byAge(a.job, b.job))
    .map(({ job, score: value, qualified }) => ({
      jobId: job.id,
      score: value,
      qualified,
      ...fits(job, person.skills),
    }));
}

export function rankPeople(
  job: OracleJob,
  people: OraclePerson[],
  options: { qualifiedOnly?: boolean; verifiedOnly?: boolean },
) {
  return people
    .map(({ id, skills }) => {
      const held = options.verifiedOnly ? skills.filter((skill) => skill.verified) : skills;
      return { id, ...score(job, held), fits: fits(job, held) };
    })
    .filter((one) => one.score > 0 && (!options.qualifiedOnly || one.qualified))
    .sort(
      (a, b) =>
        b.score - a.score ||
        b.verified - a.verified ||
        b.endorsements - a.endorsements ||
        (a.id < b.id ? -1 : 1),
    )
    .map((one) => ({
      userId: one.id,
      score: one.score,
      qualified: one.qualified,
      ...one.fits,
      verifiedCount: one.verified,
      endorsementCount: one.endorsements,
    }));
}

export function countGaps(jobs: OracleJob[], person: OraclePerson, now: Date) {
  const near = jobs
    .filter((job) => isOpen(job, now))
    .map((job) => ({ job, ...score(job, person.skills) }))
    .filter((one) => one.score > 0 && one.unmet.length === 1)
    .map(({ job, unmet }) => ({ job, skill: unmet[0] as OracleJob['skills'][number] }));
  const gaps = new Map<
    string,
    { skillId: number; level: Level; jobCount: number; examples: string[] }
  >();
  for (const { skill } of near) {
    const reach = LEVELS.indexOf(skill.level);
    const opened = near
      .filter(
        (other) =>
          other.skill.skillId === skill.skillId && LEVELS.indexOf(other.skill.level) <= reach,
      )
      .map(({ job }) => job)
      .sort(byAge);
    const examples = opened.slice(0, 3).map(({ id }) => id);
    const gap = { skillId: skill.skillId, level: skill.level, jobCount: opened.length, examples };
    gaps.set(`${skill.skillId} ${skill.level}`, gap);
  }
  return [...gaps.values()].sort(
    (a, b) =>
      b.jobCount - a.jobCount ||
      a.skillId - b.skillId ||
      LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level),
  );
}
