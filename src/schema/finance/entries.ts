import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { instant, instantsCheck, minorUnits, wholeNumber } from '../columns.ts';
import { finance } from '../schemas.ts';
import { transactions } from './transactions.ts';
import { wallets } from './wallets.ts';

/**
 * One leg of a transaction in one wallet: a signed amount and the balance after it. `version`
 * numbers a wallet's entries from 1 without gaps. Append-only; all entries of a transaction are
 * inserted by one statement.
 *
 * `occurred_at` is set only when the transaction happened at another time than it was recorded.
 */
export const entries = finance.table(
  'entries',
  {
    userId: uuid('user_id').notNull(),
    currency: text('currency').notNull(),
    version: wholeNumber('version').notNull(),
    transactionUserId: uuid('transaction_user_id').notNull(),
    transactionId: uuid('transaction_id').notNull(),
    amount: minorUnits('amount').notNull(),
    postedAfter: minorUnits('posted_after').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    occurredAt: instant('occurred_at'),
  },
  (table) => [
    primaryKey({ name: 'entries_pkey', columns: [table.userId, table.currency, table.version] }),
    foreignKey({
      name: 'entries_user_id_currency_fkey',
      columns: [table.userId, table.currency],
      foreignColumns: [wallets.userId, wallets.currency],
    }).onDelete('restrict'),
    foreignKey({
      name: 'entries_transaction_fkey',
      columns: [table.transactionUserId, table.transactionId],
      foreignColumns: [transactions.userId, transactions.id],
    }).onDelete('restrict'),
    index('entries_transaction_idx').on(table.transactionUserId, table.transactionId),
    check('entries_version_positive_check', sql`version > 0`),
    check('entries_amount_not_zero_check', sql`amount <> 0`),
    check('entries_occurred_only_if_other_check', sql`occurred_at <> recorded_at`),
    instantsCheck('entries', table),
  ],
);

export type Entry = typeof entries.$inferSelect;
export type NewEntry = typeof entries.$inferInsert;
