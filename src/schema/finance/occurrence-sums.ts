import { sql } from 'drizzle-orm';
import { check, foreignKey, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core';
import { longNumber, wholeNumber } from '../columns.ts';
import { finance } from '../schemas.ts';
import { wallets } from './wallets.ts';

/**
 * How the balance in order of occurrence differs from the balance in order of recording. Every
 * entry that occurred at another time than it was recorded adds its amount at the one instant and
 * takes it away at the other. A row sums those of one stretch of 256^level microseconds, numbered
 * from 1970; so the difference at any instant is the sum of at most 6 * 255 rows, and of one for
 * each stretch of level 6 before it, which is 8.9 years. Such a sum can be more than 8 bytes hold.
 *
 * Written only by the trigger on entries.
 */
export const occurrenceSums = finance.table(
  'occurrence_sums',
  {
    userId: uuid('user_id').notNull(),
    currency: text('currency').notNull(),
    level: smallint('level').notNull(),
    stretch: wholeNumber('stretch').notNull(),
    amount: longNumber('amount', { precision: 50, scale: 0 }).notNull(),
  },
  (table) => [
    primaryKey({
      name: 'occurrence_sums_pkey',
      columns: [table.userId, table.currency, table.level, table.stretch],
    }),
    foreignKey({
      name: 'occurrence_sums_user_id_currency_fkey',
      columns: [table.userId, table.currency],
      foreignColumns: [wallets.userId, wallets.currency],
    }).onDelete('restrict'),
    check('occurrence_sums_level_range_check', sql`level between 0 and 6`),
  ],
);

export type OccurrenceSum = typeof occurrenceSums.$inferSelect;
