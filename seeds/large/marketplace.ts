import {
  jobApplications,
  type NewJobApplication,
} from '../../src/schema/marketplace/job-applications.ts';
import { jobSkills, type NewJobSkill } from '../../src/schema/marketplace/job-skills.ts';
import { jobs, type NewJob } from '../../src/schema/marketplace/jobs.ts';
import { type NewUserSkill, userSkills } from '../../src/schema/marketplace/user-skills.ts';
import { readOccupations } from './occupations.ts';
import {
  BASE_TIME,
  clamp,
  DAY,
  drawEarlyEducator,
  idOf,
  joinedAt,
  KIND,
  type Plan,
  randomOf,
  userId,
} from './plan.ts';
import { fakerOf, Random } from './random.ts';
import { powerLawSkills } from './skill-sets.ts';
import { LEVELS, matchScore, type SkillSource } from './skill-source.ts';
import { writeSkills } from './skills.ts';
import { range, type Writer } from './writer.ts';

/**
 * Jobs and what they ask for, what people can do, and who applied where. The skills are those of
 * imported occupations, or else some of the seed's own.
 */
export async function writeMarketplace(writer: Writer, plan: Plan): Promise<void> {
  const source =
    (await readOccupations(writer.client, plan)) ??
    powerLawSkills(plan, await writeSkills(writer, plan));
  await writer.inBlocks(plan.jobs, [jobs, jobSkills], async (from, to) => {
    await writer.copy(jobs, makeJobs(plan, from, to));
    await writer.copy(jobSkills, makeJobSkills(plan, source, from, to));
  });
  await writer.inBlocks(plan.users, [userSkills, jobApplications], async (from, to) => {
    await writer.copy(userSkills, makeUserSkills(plan, source, from, to));
    await writer.copy(jobApplications, makeApplications(plan, source, from, to));
  });
}

const STATUSES = [
  ['ACTIVE', 0.8],
  ['FILLED', 0.9],
  ['CLOSED', 0.95],
  ['EXPIRED', 1],
] as const;

interface JobFacts {
  id: string;
  postedAt: number;
  status: (typeof STATUSES)[number][0];
}

function factsOfJob(plan: Plan, job: number): JobFacts {
  const random = randomOf(plan, KIND.job, job);
  const postedAt = BASE_TIME - Math.floor(Math.min(600, random.logNormal(40, 1)) * DAY);
  const fate = random.next();
  const status = STATUSES.find(([, share]) => fate < share)?.[0] ?? 'ACTIVE';
  return { id: idOf(plan, KIND.job, job, postedAt), postedAt, status };
}

function* makeJobs(plan: Plan, from: number, to: number): Generator<NewJob> {
  const random = new Random(plan.seed);
  const faker = fakerOf(random);
  for (const job of range(from, to)) {
    random.seed([plan.seed, KIND.job, job, 1]);
    const { id, postedAt, status } = factsOfJob(plan, job);
    // Yearly, in whole thousands of rand.
    const salary = random.chance(0.85) ? Math.ceil(random.logNormal(420, 0.45)) : null;
    const title = faker.person.jobTitle();
    yield {
      id,
      postedBy: userId(plan, drawEarlyEducator(plan, random)),
      title,
      description:
        `${title}: ${faker.company.catchPhrase().toLowerCase()}. ` +
        `${faker.company.buzzPhrase()}.`,
      company: faker.company.name(),
      location: faker.location.city(),
      remote: random.chance(0.35),
      salaryMin: salary === null ? null : BigInt(salary) * 100_000n,
      salaryMax:
        salary === null ? null : BigInt(Math.ceil(salary * (1.1 + random.next() / 2))) * 100_000n,
      currency: salary === null ? null : 'ZAR',
      status,
      postedAt: new Date(postedAt),
      // The active ones stay so for years: the data are fixed, and the clock is not.
      expiresAt: expiryOf(status, postedAt, random),
      createdAt: new Date(postedAt),
      updatedAt: new Date(postedAt),
    };
  }
}

function expiryOf(status: string, postedAt: number, random: Random): Date | null {
  if (status === 'EXPIRED') return new Date(postedAt + random.int(1, 7) * (DAY / 24));
  return random.chance(0.4) ? new Date(BASE_TIME + random.int(3_000, 4_000) * DAY) : null;
}

function* makeJobSkills(
  plan: Plan,
  source: SkillSource,
  from: number,
  to: number,
): Generator<NewJobSkill> {
  for (const job of range(from, to)) {
    const jobId = factsOfJob(plan, job).id;
    for (const { skill, level, required } of source.ofJob(job)) {
      yield {
        jobId,
        skillId: source.skillIds[skill] ?? 0,
        level: LEVELS[level - 1] ?? 'EXPERT',
        required,
      };
    }
  }
}

function* makeUserSkills(
  plan: Plan,
  source: SkillSource,
  from: number,
  to: number,
): Generator<NewUserSkill> {
  for (const user of range(from, to)) {
    const random = new Random(plan.seed, KIND.userSkills, user, 1);
    const joined = joinedAt(plan, user);
    for (const { skill, level } of source.ofUser(user)) {
      const at = new Date(joined + Math.floor(random.next() * (BASE_TIME - joined)));
      yield {
        userId: userId(plan, user),
        skillId: source.skillIds[skill] ?? 0,
        level: LEVELS[level - 1] ?? 'EXPERT',
        verifiedAt: random.chance(0.3) ? at : null,
        createdAt: at,
        updatedAt: at,
      };
    }
  }
}

const APPLICATION_STATUSES = [
  'PENDING',
  'PENDING',
  'PENDING',
  'REVIEWING',
  'REVIEWING',
  'SHORTLISTED',
  'INTERVIEWED',
  'OFFERED',
  'ACCEPTED',
  'REJECTED',
  'REJECTED',
  'REJECTED',
] as const;

function* makeApplications(
  plan: Plan,
  source: SkillSource,
  from: number,
  to: number,
): Generator<NewJobApplication> {
  for (const user of range(from, to)) {
    const random = randomOf(plan, KIND.applications, user);
    const count = clamp(Math.floor(random.logNormal(1, 1)), 0, 15);
    if (count === 0) continue;
    const held = source.ofUser(user);
    const chosen = new Set<number>();
    for (let draw = 0; draw < count; draw += 1) {
      // The square makes some jobs far more wanted than others.
      chosen.add(Math.floor(random.next() ** 2 * plan.jobs));
    }
    for (const job of chosen) {
      const { id, postedAt, status } = factsOfJob(plan, job);
      // The database takes applications to open jobs only, as it does from everyone.
      if (status !== 'ACTIVE') continue;
      const opened = Math.max(postedAt, joinedAt(plan, user));
      const at = new Date(opened + Math.floor(random.next() * (BASE_TIME - opened)));
      yield {
        userId: userId(plan, user),
        jobId: id,
        status: random.pick(APPLICATION_STATUSES),
        coverLetter: random.chance(0.5)
          ? 'I would like to work with you, and can start soon.'
          : null,
        matchScore: matchScore(source.ofJob(job), held),
        appliedAt: at,
        statusChangedAt: at,
        createdAt: at,
        updatedAt: at,
      };
    }
  }
}
