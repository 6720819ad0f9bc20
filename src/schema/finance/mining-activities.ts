import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  jsonb,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  createdAt,
  id,
  instant,
  instantsCheck,
  jsonLimits,
  minorUnits,
  textLimits,
  updatedAt,
} from '../columns.ts';
import { users } from '../identity/users.ts';
import { finance } from '../schemas.ts';
import { transactions } from './transactions.ts';

export const miningType = finance.enum('mining_type', [
  'COURSE_COMPLETION',
  'ASSESSMENT_PASS',
  'PEER_TEACHING',
  'CONTENT_CREATION',
  'COMMUNITY_CONTRIBUTION',
]);
export const miningStatus = finance.enum('mining_status', [
  'PENDING',
  'VERIFIED',
  'REWARDED',
  'REJECTED',
]);

/** A proof of knowledge that can earn AZR: submitted, verified, then rewarded once or rejected. */
export const miningActivities = finance.table(
  'mining_activities',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    type: miningType('type').notNull(),
    tokensEarned: minorUnits('tokens_earned').notNull(),
    status: miningStatus('status').notNull().default('PENDING'),
    idempotencyKey: text('idempotency_key').notNull(),
    metadata: jsonb('metadata').$type<Record<string, unknown>>().notNull().default({}),
    transactionId: uuid('transaction_id'),
    rejectionReason: text('rejection_reason'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    verifiedAt: instant('verified_at'),
    rewardedAt: instant('rewarded_at'),
    rejectedAt: instant('rejected_at'),
  },
  (table) => [
    primaryKey({ name: 'mining_activities_pkey', columns: [table.userId, table.id] }),
    // It leads with the key, so that the planner does not take it for look-ups by user and id.
    unique('mining_activities_idempotency_key_user_id_key').on(table.idempotencyKey, table.userId),
    foreignKey({
      name: 'mining_activities_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'mining_activities_transaction_fkey',
      columns: [table.userId, table.transactionId],
      foreignColumns: [transactions.userId, transactions.id],
    }).onDelete('restrict'),
    unique('mining_activities_user_id_transaction_id_key').on(table.userId, table.transactionId),
    index('mining_activities_open_idx')
      .on(table.createdAt, table.id)
      .where(sql`status in ('PENDING', 'VERIFIED')`),
    check(
      'mining_activities_idempotency_key_length_check',
      sql`char_length(idempotency_key) between 1 and 200`,
    ),
    check('mining_activities_tokens_positive_check', sql`tokens_earned > 0`),
    check('mining_activities_metadata_object_check', sql`jsonb_typeof(metadata) = 'object'`),
    check(
      'mining_activities_verified_has_time_check',
      sql`status not in ('VERIFIED', 'REWARDED') or verified_at is not null`,
    ),
    check(
      'mining_activities_rewarded_has_time_check',
      sql`(status = 'REWARDED') = (rewarded_at is not null)`,
    ),
    check(
      'mining_activities_rewarded_has_transaction_check',
      sql`(status = 'REWARDED') = (transaction_id is not null)`,
    ),
    check(
      'mining_activities_rejected_has_time_check',
      sql`(status = 'REJECTED') = (rejected_at is not null)`,
    ),
    check(
      'mining_activities_rejected_has_reason_check',
      sql`(status = 'REJECTED') = (rejection_reason is not null)`,
    ),
    check('mining_activities_verified_after_created_check', sql`verified_at >= created_at`),
    check('mining_activities_rejected_after_created_check', sql`rejected_at >= created_at`),
    check('mining_activities_rewarded_after_verified_check', sql`rewarded_at >= verified_at`),
    ...textLimits('mining_activities', { rejection_reason: 500 }),
    ...jsonLimits('mining_activities', { metadata: 65_536 }),
    instantsCheck('mining_activities', table),
  ],
);

export type MiningActivity = typeof miningActivities.$inferSelect;
export type NewMiningActivity = typeof miningActivities.$inferInsert;
