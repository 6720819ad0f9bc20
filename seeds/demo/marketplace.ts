import { inArray, or, sql } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';
import { jobApplications } from '../../src/schema/marketplace/job-applications.ts';
import { jobSkills } from '../../src/schema/marketplace/job-skills.ts';
import { jobs } from '../../src/schema/marketplace/jobs.ts';
import { skills } from '../../src/schema/marketplace/skills.ts';
import { userSkills } from '../../src/schema/marketplace/user-skills.ts';
import { demoJobs, demoSkills, demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const catalogue = [
  { key: 'javascript', name: 'JavaScript', category: 'Programming languages' },
  { key: 'python', name: 'Python', category: 'Programming languages' },
  { key: 'react', name: 'React', category: 'Frameworks' },
  { key: 'nodejs', name: 'Node.js', category: 'Frameworks' },
  { key: 'sql', name: 'SQL', category: 'Databases' },
] as const;

export type DemoSkillIds = Record<keyof typeof demoSkills, number>;

const listed = new Date('2026-01-01T00:00:00Z');

/**
 * Adds the five skills; returns their ids, which are others where the names or the ids were taken.
 */
export async function seedSkills(db: Db): Promise<DemoSkillIds> {
  const names = catalogue.map(({ name }) => name.toLowerCase());
  const there = await db
    .select({ id: skills.id, name: skills.name })
    .from(skills)
    .where(
      or(
        inArray(sql`public.fold_text(name) collate "C"`, names),
        inArray(skills.id, Object.values(demoSkills)),
      ),
    );
  const isTaken = (id: number) => there.some((row) => row.id === id);
  const isThere = (name: string) =>
    there.some((row) => row.name.toLowerCase() === name.toLowerCase());
  const missing = catalogue
    .filter(({ name }) => !isThere(name))
    .map(({ key, name, category }) => ({
      ...(isTaken(demoSkills[key]) ? {} : { id: demoSkills[key] }),
      name,
      category,
      createdAt: listed,
      updatedAt: listed,
    }));
  const added =
    missing.length === 0
      ? []
      : await db.insert(skills).values(missing).returning({ id: skills.id, name: skills.name });
  const idOfName = new Map([...there, ...added].map(({ id, name }) => [name.toLowerCase(), id]));
  return Object.fromEntries(
    catalogue.map(({ key, name }) => [key, idOfName.get(name.toLowerCase())]),
  ) as DemoSkillIds;
}

async function seedJobs(db: Db, skillIds: DemoSkillIds): Promise<void> {
  const postedAt = new Date('2026-02-01T07:00:00Z');
  const stamps = { postedAt, createdAt: postedAt, updatedAt: postedAt };
  await insertMissing(db, jobs, [
    {
      id: demoJobs.frontend,
      postedBy: demoUsers.educator,
      title: 'Frontend developer',
      description: 'Build the screens that learners see every day.',
      company: 'Ubuntu Works',
      location: 'Johannesburg, South Africa',
      remote: true,
      salaryMin: 36_000_000n,
      salaryMax: 48_000_000n,
      currency: 'ZAR',
      requirements: 'A portfolio that we can click through.',
      ...stamps,
    },
    {
      id: demoJobs.data,
      postedBy: demoUsers.educator,
      title: 'Data engineer',
      description: 'Move data from where it is to where it helps.',
      company: 'Baobab Analytics',
      location: 'Cape Town, South Africa',
      salaryMin: 60_000_000n,
      salaryMax: 75_000_000n,
      currency: 'ZAR',
      ...stamps,
    },
  ]);
  const { frontend, data } = demoJobs;
  await insertMissing(db, jobSkills, [
    { jobId: frontend, skillId: skillIds.javascript, level: 'INTERMEDIATE', required: true },
    { jobId: frontend, skillId: skillIds.react, level: 'INTERMEDIATE', required: true },
    { jobId: frontend, skillId: skillIds.nodejs, level: 'BEGINNER', required: false },
    { jobId: data, skillId: skillIds.python, level: 'ADVANCED', required: true },
    { jobId: data, skillId: skillIds.sql, level: 'INTERMEDIATE', required: true },
    { jobId: data, skillId: skillIds.nodejs, level: 'BEGINNER', required: false },
  ]);
}

/** What the student knows, and the application to the frontend job. */
async function seedStudent(db: Db, skillIds: DemoSkillIds): Promise<void> {
  const at = new Date('2026-01-25T09:00:00Z');
  const held = { userId: demoUsers.student, createdAt: at, updatedAt: at };
  await insertMissing(db, userSkills, [
    { ...held, skillId: skillIds.javascript, level: 'INTERMEDIATE', verifiedAt: at },
    { ...held, skillId: skillIds.react, level: 'BEGINNER' },
    { ...held, skillId: skillIds.sql, level: 'INTERMEDIATE' },
  ]);
  const appliedAt = new Date('2026-02-03T16:00:00Z');
  await insertMissing(db, jobApplications, [
    {
      userId: demoUsers.student,
      jobId: demoJobs.frontend,
      coverLetter: 'I have built three small sites and want to build a large one.',
      // Weight 2 for each required skill: (2 * 1 + 2 * 1/2 + 1 * 0) / 5.
      matchScore: 6000,
      appliedAt,
      statusChangedAt: appliedAt,
      createdAt: appliedAt,
      updatedAt: appliedAt,
    },
  ]);
}

export async function seedMarketplace(db: Db, skillIds: DemoSkillIds): Promise<void> {
  await seedJobs(db, skillIds);
  await seedStudent(db, skillIds);
}
