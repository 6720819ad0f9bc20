import { sql } from 'drizzle-orm';
import { check, foreignKey, index, integer, primaryKey, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instantsCheck } from '../columns.ts';
import { users } from '../identity/users.ts';
import { marketplace } from '../schemas.ts';
import { userSkills } from './user-skills.ts';

/** One user's word that another holds a skill; at most one for each skill and endorser. */
export const skillEndorsements = marketplace.table(
  'skill_endorsements',
  {
    userId: uuid('user_id').notNull(),
    skillId: integer('skill_id').notNull(),
    endorserId: uuid('endorser_id').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({
      name: 'skill_endorsements_pkey',
      columns: [table.userId, table.skillId, table.endorserId],
    }),
    foreignKey({
      name: 'skill_endorsements_user_id_skill_id_fkey',
      columns: [table.userId, table.skillId],
      foreignColumns: [userSkills.userId, userSkills.skillId],
    }).onDelete('cascade'),
    foreignKey({
      name: 'skill_endorsements_endorser_id_fkey',
      columns: [table.endorserId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    index('skill_endorsements_endorser_id_idx').on(table.endorserId),
    check('skill_endorsements_by_other_check', sql`endorser_id <> user_id`),
    instantsCheck('skill_endorsements', table),
  ],
);

export type SkillEndorsement = typeof skillEndorsements.$inferSelect;
export type NewSkillEndorsement = typeof skillEndorsements.$inferInsert;
