import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import {
  MAX_SKILLS,
  type SkillLevelName,
  skillIdField,
  skillLevelField,
} from '../matching/skill-fit.ts';

/** A skill that a job asks for. */
export interface WantedSkill {
  /** The skill: a whole number from 1 to 268,435,455. */
  skillId: number;
  /** The level that it asks for. */
  level: SkillLevelName;
  /** Whether the job requires it; nice to have when false. By default true. */
  required?: boolean | undefined;
}

/** The skills of a job, each at most once. */
export const wantedSkillsField = z
  .array(
    z.strictObject({
      skillId: skillIdField,
      level: skillLevelField,
      required: z.boolean().default(true),
    }),
  )
  .max(MAX_SKILLS)
  .refine((skills) => new Set(skills.map((skill) => skill.skillId)).size === skills.length, {
    error: 'must not name a skill twice',
  });

const input = () => z.strictObject({ jobId: uuid, skills: wantedSkillsField });

const storedJobSkills = statement<
  { isThere: boolean },
  [jobId: string, skillIds: number[], levels: SkillLevelName[], required: boolean[]]
>('stored_job_skills', 'select marketplace.set_job_skills($1, $2, $3, $4) as "isThere"');

/**
 * Makes these the skills that a job asks for: adds, changes and drops. Callers of one job take
 * turns by a lock on its row, so the skills are always those of one call; at repeatable read or
 * above the second caller gets a conflict, which `transaction()` repeats.
 *
 * @throws NotFoundError for an unknown or deleted job, and for an unknown skill.
 * @throws InvalidInputError
 */
export async function setJobSkills(
  db: Db,
  params: {
    /** The job: a UUID. */
    jobId: string;
    /** All skills of the job, at most 500, each once; none for a job without. */
    skills: WantedSkill[];
  },
): Promise<void> {
  const { jobId, skills } = parseInput(input, params);
  await insertJobSkills(db, jobId, skills);
}

/** The same for input that was checked. */
export async function insertJobSkills(
  db: Db,
  jobId: string,
  skills: z.output<typeof wantedSkillsField>,
): Promise<void> {
  const [result] = await storedJobSkills(db, [
    jobId,
    skills.map((skill) => skill.skillId),
    skills.map((skill) => skill.level),
    skills.map((skill) => skill.required),
  ]);
  if (result?.isThere !== true) throw new NotFoundError('job', ['jobId']);
}
