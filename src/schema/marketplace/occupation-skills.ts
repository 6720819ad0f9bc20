import { boolean, foreignKey, index, integer, primaryKey } from 'drizzle-orm/pg-core';
import { marketplace } from '../schemas.ts';
import { occupations } from './occupations.ts';
import { skills } from './skills.ts';

/** A skill that an occupation needs: essential, or optional. */
export const occupationSkills = marketplace.table(
  'occupation_skills',
  {
    occupationId: integer('occupation_id').notNull(),
    skillId: integer('skill_id').notNull(),
    essential: boolean('essential').notNull(),
  },
  (table) => [
    primaryKey({ name: 'occupation_skills_pkey', columns: [table.occupationId, table.skillId] }),
    foreignKey({
      name: 'occupation_skills_occupation_id_fkey',
      columns: [table.occupationId],
      foreignColumns: [occupations.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'occupation_skills_skill_id_fkey',
      columns: [table.skillId],
      foreignColumns: [skills.id],
    }).onDelete('restrict'),
    index('occupation_skills_skill_id_idx').on(table.skillId),
  ],
);

export type OccupationSkill = typeof occupationSkills.$inferSelect;
export type NewOccupationSkill = typeof occupationSkills.$inferInsert;
