import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import {
  createdAt,
  id,
  instant,
  instantsCheck,
  minorUnits,
  textLimits,
  updatedAt,
} from '../columns.ts';
import { courses } from '../education/courses.ts';
import { users } from '../identity/users.ts';
import { finance } from '../schemas.ts';
import { currencies } from './currencies.ts';
import { transactions } from './transactions.ts';

export const paymentType = finance.enum('payment_type', [
  'ENROLLMENT',
  'SUBSCRIPTION',
  'DONATION',
  'REFUND',
]);
export const paymentStatus = finance.enum('payment_status', [
  'PENDING',
  'COMPLETED',
  'FAILED',
  'REFUNDED',
]);

/**
 * Money asked from a user through a payment provider. Triggers keep what it is about, let its
 * status go forward only, and ask for the transactions that settled and refunded it. The provider's
 * reference is unique over all users: the trigger `payments_claim_reference` claims it in
 * payment_references.
 */
export const payments = finance.table(
  'payments',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    type: paymentType('type').notNull(),
    status: paymentStatus('status').notNull().default('PENDING'),
    amount: minorUnits('amount').notNull(),
    currency: text('currency').notNull(),
    courseId: uuid('course_id'),
    provider: text('provider').notNull(),
    providerReference: text('provider_reference').notNull(),
    description: text('description'),
    transactionId: uuid('transaction_id'),
    failureReason: text('failure_reason'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    completedAt: instant('completed_at'),
    failedAt: instant('failed_at'),
    refundedAt: instant('refunded_at'),
  },
  (table) => [
    primaryKey({ name: 'payments_pkey', columns: [table.userId, table.id] }),
    foreignKey({
      name: 'payments_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'payments_currency_fkey',
      columns: [table.currency],
      foreignColumns: [currencies.code],
    }).onDelete('restrict'),
    foreignKey({
      name: 'payments_course_id_fkey',
      columns: [table.courseId],
      foreignColumns: [courses.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'payments_transaction_fkey',
      columns: [table.userId, table.transactionId],
      foreignColumns: [transactions.userId, transactions.id],
    }).onDelete('restrict'),
    index('payments_currency_idx').on(table.currency),
    index('payments_course_id_idx').on(table.courseId),
    unique('payments_user_id_transaction_id_key').on(table.userId, table.transactionId),
    check('payments_amount_positive_check', sql`amount > 0`),
    check('payments_provider_length_check', sql`char_length(provider) between 1 and 50`),
    check(
      'payments_provider_reference_length_check',
      sql`char_length(provider_reference) between 1 and 200`,
    ),
    check(
      'payments_enrollment_names_course_check',
      sql`type <> 'ENROLLMENT' or course_id is not null`,
    ),
    check(
      'payments_completed_has_time_check',
      sql`(status in ('COMPLETED', 'REFUNDED')) = (completed_at is not null)`,
    ),
    check(
      'payments_completed_has_transaction_check',
      sql`(status in ('COMPLETED', 'REFUNDED')) = (transaction_id is not null)`,
    ),
    check('payments_failed_has_time_check', sql`(status = 'FAILED') = (failed_at is not null)`),
    check(
      'payments_refunded_has_time_check',
      sql`(status = 'REFUNDED') = (refunded_at is not null)`,
    ),
    check('payments_completed_after_created_check', sql`completed_at >= created_at`),
    check('payments_failed_after_created_check', sql`failed_at >= created_at`),
    check('payments_refunded_after_completed_check', sql`refunded_at >= completed_at`),
    ...textLimits('payments', { description: 500, failure_reason: 500 }),
    instantsCheck('payments', table),
  ],
);

export type Payment = typeof payments.$inferSelect;
export type NewPayment = typeof payments.$inferInsert;
