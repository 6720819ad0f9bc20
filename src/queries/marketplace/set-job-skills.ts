import { z } from 'zod';
import type { Db } from '../../connect.ts';
import { statement } from '../../statement.ts';
import { parseInput, uuid } from '../../validate.ts';
import { MAX_SKILLS, type SkillLevelName, skillIdField, skillLevelField } from './skill-fit.ts';

export interface WantedSkill {
  skillId: number;
  level: SkillLevelName;
  /** Nice to have when false. By default true. */
  required?: boolean;
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

const input = z.strictObject({ jobId: uuid, skills: wantedSkillsField });

const setStatement = statement<{ skillId: number }>(
  'set_job_skills',
  `with dropped_skills as (
    delete from marketplace.job_skills
    where job_id = $1
    and skill_id <> all ($2)
  )
  insert into marketplace.job_skills (job_id, skill_id, level, required)
  select $1, skill_id, level, required
  from unnest($2::integer[], $3::marketplace.skill_level[], $4::boolean[])
    as given (skill_id, level, required)
  order by skill_id
  on conflict (job_id, skill_id) do update
  set level = excluded.level, required = excluded.required
  where (job_skills.level, job_skills.required) <> (excluded.level, excluded.required)
  returning skill_id as "skillId"`,
);

/**
 * Makes these the skills that a job asks for: adds, changes and drops, in one statement.
 *
 * @throws ConstraintError for an unknown job (`job_skills_job_id_fkey`) or skill (`job_skills_skill_id_fkey`).
 * @throws InvalidInputError
 */
export async function setJobSkills(
  db: Db,
  params: { jobId: string; skills: WantedSkill[] },
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
  await setStatement(db, [
    jobId,
    skills.map((skill) => skill.skillId),
    skills.map((skill) => skill.level),
    skills.map((skill) => skill.required),
  ]);
}
