import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instant, instantsCheck, minorUnits, textLimits } from '../columns.ts';
import { finance } from '../schemas.ts';
import { transactions } from './transactions.ts';
import { wallets } from './wallets.ts';

export const holdStatus = finance.enum('hold_status', [
  'PENDING',
  'CAPTURED',
  'RELEASED',
  'EXPIRED',
]);

/**
 * Money set aside in a wallet until it is captured, released or expires: resolved once. A hold has
 * the id of the transaction that placed it; `resolution_id` is the one that captured or released
 * it.
 */
export const holds = finance.table(
  'holds',
  {
    userId: uuid('user_id').notNull(),
    id: uuid('id').notNull(),
    currency: text('currency').notNull(),
    amount: minorUnits('amount').notNull(),
    captured: minorUnits('captured').notNull().default(sql`0`),
    status: holdStatus('status').notNull().default('PENDING'),
    reason: text('reason'),
    resolutionId: uuid('resolution_id'),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
    resolvedAt: instant('resolved_at'),
  },
  (table) => [
    primaryKey({ name: 'holds_pkey', columns: [table.userId, table.id] }),
    foreignKey({
      name: 'holds_user_id_currency_fkey',
      columns: [table.userId, table.currency],
      foreignColumns: [wallets.userId, wallets.currency],
    }).onDelete('restrict'),
    foreignKey({
      name: 'holds_placed_by_fkey',
      columns: [table.userId, table.id],
      foreignColumns: [transactions.userId, transactions.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'holds_resolution_fkey',
      columns: [table.userId, table.resolutionId],
      foreignColumns: [transactions.userId, transactions.id],
    }).onDelete('restrict'),
    index('holds_user_id_currency_idx').on(table.userId, table.currency, table.id),
    unique('holds_user_id_resolution_id_key').on(table.userId, table.resolutionId),
    index('holds_open_idx')
      .on(table.userId, table.currency, table.expiresAt)
      .where(sql`status = 'PENDING'`),
    index('holds_due_idx')
      .on(table.expiresAt, table.userId, table.id)
      .where(sql`status = 'PENDING'`),
    check('holds_amount_positive_check', sql`amount > 0`),
    check('holds_captured_within_amount_check', sql`captured between 0 and amount`),
    check('holds_captured_has_amount_check', sql`(status = 'CAPTURED') = (captured > 0)`),
    check('holds_resolved_has_time_check', sql`(status = 'PENDING') = (resolved_at is null)`),
    check(
      'holds_resolved_by_transaction_check',
      sql`(status in ('CAPTURED', 'RELEASED')) = (resolution_id is not null)`,
    ),
    check('holds_expires_after_created_check', sql`expires_at > created_at`),
    check('holds_expired_when_due_check', sql`status <> 'EXPIRED' or resolved_at >= expires_at`),
    check('holds_resolved_after_created_check', sql`resolved_at >= created_at`),
    ...textLimits('holds', { reason: 500 }),
    instantsCheck('holds', table),
  ],
);

export type Hold = typeof holds.$inferSelect;
export type NewHold = typeof holds.$inferInsert;
