import { bigint, index, integer, primaryKey, unique, uuid } from 'drizzle-orm/pg-core';
import { longNumber } from '../columns.ts';
import { marketplace } from '../schemas.ts';
import { skillLevel } from './skills.ts';

/** One number for each place, all in one: see src/queries/marketplace/matching/blocks. */
const vector = (name: string) => longNumber(name).notNull();

/**
 * Where a packed job is: the block's number times the places of one, plus its place in the block. A
 * job whose skills have changed since it was packed has no row: its postings find it. There is no
 * foreign key, because the triggers that keep the vectors remove it.
 */
export const packedJobs = marketplace.table(
  'packed_jobs',
  {
    slot: bigint('slot', { mode: 'number' }).primaryKey(),
    jobId: uuid('job_id').notNull(),
  },
  (table) => [unique('packed_jobs_job_id_key').on(table.jobId)],
);

/**
 * What a skill, held at a level, is worth in each of a block's jobs, as a share of the job's weight
 * and rounded up: four digits for each place. The digits of jobs that left the block stay. The
 * vector ends the key, so that the index alone is read, skill by skill.
 */
export const packedShares = marketplace.table(
  'packed_shares',
  {
    skillId: integer('skill_id').notNull(),
    level: skillLevel('level').notNull(),
    blockId: integer('block_id').notNull(),
    shares: vector('shares'),
  },
  (table) => [
    primaryKey({
      name: 'packed_shares_pkey',
      columns: [table.skillId, table.level, table.blockId, table.shares],
    }),
    index('packed_shares_block_id_idx').on(table.blockId),
  ],
);

/** The greatest of these shares in each block of a group: eight digits for each block. */
export const packedBounds = marketplace.table(
  'packed_bounds',
  {
    skillId: integer('skill_id').notNull(),
    level: skillLevel('level').notNull(),
    groupId: integer('group_id').notNull(),
    bounds: vector('bounds'),
  },
  (table) => [
    primaryKey({
      name: 'packed_bounds_pkey',
      columns: [table.skillId, table.level, table.groupId],
    }),
  ],
);

/**
 * A job that packJobs left among the postings when it last packed, with a hash of what it asked for
 * then. Only packJobs reads and writes it, so there may be jobs that are gone, or packed, or ask
 * for something else by now.
 */
export const leftOutJobs = marketplace.table('left_out_jobs', {
  jobId: uuid('job_id').primaryKey(),
  skillsHash: integer('skills_hash').notNull(),
});

export type PackedJob = typeof packedJobs.$inferSelect;
export type PackedShare = typeof packedShares.$inferSelect;
export type PackedBound = typeof packedBounds.$inferSelect;
export type LeftOutJob = typeof leftOutJobs.$inferSelect;
