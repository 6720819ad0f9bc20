import { sql } from 'drizzle-orm';
import { check, foreignKey, integer } from 'drizzle-orm/pg-core';
import { wholeNumber } from '../columns.ts';
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
 * How often new ranks were announced, in row 1, which is there from the first time on. A row and no
 * transaction id or sequence, because it has to mean the same after a restore and on a replica.
 */
export const rankRefreshes = marketplace.table(
  'rank_refreshes',
  {
    id: integer('id').primaryKey().default(1),
    number: wholeNumber('number').notNull().default(sql`0`),
  },
  () => [check('rank_refreshes_number_not_negative_check', sql`number >= 0`)],
);

export type SkillRank = typeof skillRanks.$inferSelect;
export type RankRefresh = typeof rankRefreshes.$inferSelect;
