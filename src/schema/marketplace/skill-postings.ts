import { sql } from 'drizzle-orm';
import { boolean, index, integer, primaryKey, smallint, uuid } from 'drizzle-orm/pg-core';
import { instant, instantsCheck } from '../columns.ts';
import { marketplace } from '../schemas.ts';
import { skillBits } from './job-vectors.ts';

/**
 * One skill of one job that can match: the inverted index of matching, derived from job_vectors and
 * kept with it. `bound` is the best score, in basis points, of anyone who lacks the job's skills
 * that are rarer than this one. Postings of one skill are looked up by the job's size, by bound and
 * by when it was posted, so these lead the key; the signature and the needs (sorted codes, see
 * job_vectors) end it, so that the index alone decides. The sample index has one job in 16.
 * `nearGap` marks the few postings that findSkillGaps has to read.
 */
export const skillPostings = marketplace.table(
  'skill_postings',
  {
    skillId: integer('skill_id').notNull(),
    sizeClass: smallint('size_class').notNull(),
    bound: smallint('bound').notNull(),
    postedMinute: integer('posted_minute').notNull(),
    totalWeight: smallint('total_weight').notNull(),
    jobId: uuid('job_id').notNull(),
    nearGap: boolean('near_gap').notNull(),
    skillBits: skillBits('skill_bits').notNull(),
    needs: integer('needs').array().notNull(),
    expiresAt: instant('expires_at'),
  },
  (table) => [
    primaryKey({
      name: 'skill_postings_pkey',
      columns: [
        table.skillId,
        table.sizeClass,
        table.bound,
        table.postedMinute,
        table.totalWeight,
        table.jobId,
        table.skillBits,
        table.needs,
      ],
    }),
    index('skill_postings_sample_idx')
      .on(
        table.skillId,
        sql`width_bucket(get_byte(uuid_send(job_id), 15), array[1, 16])`,
        table.bound,
        table.totalWeight,
        table.jobId,
        table.skillBits,
        table.needs,
      )
      .where(sql`width_bucket(get_byte(uuid_send(job_id), 15), array[1, 16]) < 2`),
    index('skill_postings_near_gap_idx')
      .on(
        table.skillId,
        table.jobId,
        table.totalWeight,
        table.postedMinute,
        table.expiresAt,
        table.skillBits,
        table.needs,
      )
      .where(sql`near_gap`),
    instantsCheck('skill_postings', table),
  ],
);

export type SkillPosting = typeof skillPostings.$inferSelect;
