import { foreignKey, index, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { textLimits } from '../columns.ts';
import { finance } from '../schemas.ts';
import { payments } from './payments.ts';

/**
 * Which payment holds a provider's reference. A table of its own because the reference must be
 * unique over all users, and every unique key of an owner-first table contains the owner.
 */
export const paymentReferences = finance.table(
  'payment_references',
  {
    provider: text('provider').notNull(),
    reference: text('reference').notNull(),
    userId: uuid('user_id').notNull(),
    paymentId: uuid('payment_id').notNull(),
  },
  (table) => [
    primaryKey({ name: 'payment_references_pkey', columns: [table.provider, table.reference] }),
    foreignKey({
      name: 'payment_references_payment_fkey',
      columns: [table.userId, table.paymentId],
      foreignColumns: [payments.userId, payments.id],
    }).onDelete('cascade'),
    index('payment_references_payment_idx').on(table.userId, table.paymentId),
    ...textLimits('payment_references', { provider: 50, reference: 200 }),
  ],
);

export type PaymentReference = typeof paymentReferences.$inferSelect;
export type NewPaymentReference = typeof paymentReferences.$inferInsert;
