import { foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { skills } from '../marketplace/skills.ts';
import { education } from '../schemas.ts';
import { learningPaths } from './learning-paths.ts';

/** A skill that a learning path teaches. */
export const learningPathSkills = education.table(
  'learning_path_skills',
  {
    learningPathId: uuid('learning_path_id').notNull(),
    skillId: integer('skill_id').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'learning_path_skills_pkey',
      columns: [table.learningPathId, table.skillId],
    }),
    foreignKey({
      name: 'learning_path_skills_learning_path_id_fkey',
      columns: [table.learningPathId],
      foreignColumns: [learningPaths.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'learning_path_skills_skill_id_fkey',
      columns: [table.skillId],
      foreignColumns: [skills.id],
    }).onDelete('restrict'),
    index('learning_path_skills_skill_id_idx').on(table.skillId),
  ],
);

export type LearningPathSkill = typeof learningPathSkills.$inferSelect;
export type NewLearningPathSkill = typeof learningPathSkills.$inferInsert;
