import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instant, instantsCheck, updatedAt } from '../columns.ts';
import { users } from '../identity/users.ts';
import { marketplace } from '../schemas.ts';
import { skillLevel, skills } from './skills.ts';

/**
 * A skill that a user holds, at a level. Triggers keep `endorsements`, the count of its
 * skill_endorsements, and take the verification away when the level changes.
 */
export const userSkills = marketplace.table(
  'user_skills',
  {
    userId: uuid('user_id').notNull(),
    skillId: integer('skill_id').notNull(),
    level: skillLevel('level').notNull(),
    verifiedAt: instant('verified_at'),
    verifiedBy: uuid('verified_by'),
    endorsements: integer('endorsements').notNull().default(0),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    primaryKey({ name: 'user_skills_pkey', columns: [table.userId, table.skillId] }),
    foreignKey({
      name: 'user_skills_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'user_skills_skill_id_fkey',
      columns: [table.skillId],
      foreignColumns: [skills.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'user_skills_verified_by_fkey',
      columns: [table.verifiedBy],
      foreignColumns: [users.id],
    }).onDelete('set null'),
    index('user_skills_verified_by_idx').on(table.verifiedBy),
    // With all that matchCandidates adds up, so that it reads the index alone.
    index('user_skills_skill_id_idx').on(
      table.skillId,
      table.userId,
      table.level,
      table.verifiedAt,
      table.endorsements,
    ),
    check(
      'user_skills_verifier_needs_time_check',
      sql`verified_by is null or verified_at is not null`,
    ),
    check('user_skills_verified_by_other_check', sql`verified_by <> user_id`),
    check('user_skills_endorsements_not_negative_check', sql`endorsements >= 0`),
    instantsCheck('user_skills', table),
  ],
);

export type UserSkill = typeof userSkills.$inferSelect;
export type NewUserSkill = typeof userSkills.$inferInsert;
