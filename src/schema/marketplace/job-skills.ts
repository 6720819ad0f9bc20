import { boolean, foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { marketplace } from '../schemas.ts';
import { jobs } from './jobs.ts';
import { skillLevel, skills } from './skills.ts';

/** A skill that a job asks for, at a level: required, or nice to have. */
export const jobSkills = marketplace.table(
  'job_skills',
  {
    jobId: uuid('job_id').notNull(),
    skillId: integer('skill_id').notNull(),
    level: skillLevel('level').notNull(),
    required: boolean('required').notNull().default(true),
  },
  (table) => [
    primaryKey({ name: 'job_skills_pkey', columns: [table.jobId, table.skillId] }),
    foreignKey({
      name: 'job_skills_job_id_fkey',
      columns: [table.jobId],
      foreignColumns: [jobs.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'job_skills_skill_id_fkey',
      columns: [table.skillId],
      foreignColumns: [skills.id],
    }).onDelete('restrict'),
    index('job_skills_skill_id_idx').on(table.skillId, table.jobId),
  ],
);

export type JobSkill = typeof jobSkills.$inferSelect;
export type NewJobSkill = typeof jobSkills.$inferInsert;
