import type { Db } from '../../db/session.ts';
import { jobApplications } from '../../schema/marketplace/job-applications.ts';
import { jobSkills } from '../../schema/marketplace/job-skills.ts';
import { jobs } from '../../schema/marketplace/jobs.ts';
import { occupationSkills } from '../../schema/marketplace/occupation-skills.ts';
import { occupations } from '../../schema/marketplace/occupations.ts';
import { skillEndorsements } from '../../schema/marketplace/skill-endorsements.ts';
import { skillRanks } from '../../schema/marketplace/skill-ranks.ts';
import { skills } from '../../schema/marketplace/skills.ts';
import { userSkills } from '../../schema/marketplace/user-skills.ts';
import { defineFactory, unique } from './factory.ts';
import { insertUser, userIdOf } from './identity.ts';

export const insertSkill = defineFactory(skills, () => ({
  name: `Skill ${unique()}`,
  category: 'Testing',
}));

export const insertOccupation = defineFactory(occupations, () => {
  const name = `Occupation ${unique()}`;
  return { name, sourceUri: `urn:example:${name}` };
});

/** An essential skill of an occupation. */
export const insertOccupationSkill = defineFactory(occupationSkills, async (db, given) => ({
  occupationId: given.occupationId ?? (await insertOccupation(db)).id,
  skillId: given.skillId ?? (await insertSkill(db)).id,
  essential: true,
}));

export const insertUserSkill = defineFactory(userSkills, async (db, given) => ({
  userId: await userIdOf(db, given),
  skillId: given.skillId ?? (await insertSkill(db)).id,
  level: 'INTERMEDIATE' as const,
}));

/** An active job, remote, without salary and skills. */
export const insertJob = defineFactory(jobs, () => ({
  title: 'Database engineer',
  description: 'Keeps the data safe and the queries fast.',
  company: 'Azora',
  remote: true,
}));

/** A required skill of a job. */
export const insertJobSkill = defineFactory(jobSkills, async (db, given) => ({
  jobId: given.jobId ?? (await insertJob(db)).id,
  skillId: given.skillId ?? (await insertSkill(db)).id,
  level: 'INTERMEDIATE' as const,
}));

/** A pending application. */
export const insertJobApplication = defineFactory(jobApplications, async (db, given) => ({
  userId: await userIdOf(db, given),
  jobId: given.jobId ?? (await insertJob(db)).id,
}));

/** Another user's word for a skill. */
export const insertSkillEndorsement = defineFactory(skillEndorsements, async (db, given) => ({
  ...(await userSkillOf(db, given)),
  endorserId: given.endorserId ?? (await insertUser(db)).id,
}));

export const insertSkillRank = defineFactory(skillRanks, async (db, given) => ({
  skillId: given.skillId ?? (await insertSkill(db)).id,
  rank: 1,
  priorRank: 1,
}));

interface UserSkillKey {
  userId?: string | undefined;
  skillId?: number | undefined;
}

async function userSkillOf(db: Db, { userId, skillId }: UserSkillKey) {
  if (userId !== undefined && skillId !== undefined) return { userId, skillId };
  const held = await insertUserSkill(db, {
    ...(userId !== undefined && { userId }),
    ...(skillId !== undefined && { skillId }),
  });
  return { userId: held.userId, skillId: held.skillId };
}
