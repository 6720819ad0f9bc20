import { foreignKey, integer } from 'drizzle-orm/pg-core';
import { marketplace } from '../schemas.ts';
import { skills } from './skills.ts';

/**
 * How common a skill is among jobs: its place in an order from the rarest to the most common. A
 * skill without a row is at place 0. Jobs were indexed in the order of either `rank` or
 * `priorRank`, which differ while a refresh runs.
 */
export const skillRanks = marketplace.table(
  'skill_ranks',
  {
    skillId: integer('skill_id').primaryKey(),
    rank: integer('rank').notNull(),
    priorRank: integer('prior_rank').notNull(),
  },
  (table) => [
    foreignKey({
      name: 'skill_ranks_skill_id_fkey',
      columns: [table.skillId],
      foreignColumns: [skills.id],
    }).onDelete('cascade'),
  ],
);

/**
 * Its value is the id of the transaction that last announced new ranks: sequences are read as they
 * are now.
 */
export const skillRankRefreshes = marketplace.sequence('skill_rank_refreshes');

export type SkillRank = typeof skillRanks.$inferSelect;
