import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  jsonb,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  bytea,
  id,
  instant,
  instantsCheck,
  jsonLimits,
  minorUnits,
  textLimits,
  wholeNumber,
} from '../columns.ts';
import { finance } from '../schemas.ts';

export const transactionType = finance.enum('transaction_type', [
  'DEPOSIT',
  'WITHDRAWAL',
  'TRANSFER',
  'MINING_REWARD',
  'PAYMENT',
  'REFUND',
  'EXCHANGE',
  'HOLD',
  'CAPTURE',
  'RELEASE',
  'REVERSAL',
]);
export const transactionStatus = finance.enum('transaction_status', [
  'PENDING',
  'PROCESSING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
]);

export const failureCode = finance.enum('failure_code', [
  'UNKNOWN_CURRENCY',
  'WALLET_NOT_FOUND',
  'WALLET_CLOSED',
  'INSUFFICIENT_FUNDS',
  'BALANCE_LIMIT',
  'HOLD_RESOLVED',
  'HOLD_EXPIRED',
  'HOLD_EXCEEDED',
  'NOT_REVERSIBLE',
  'ALREADY_REVERSED',
  'REVERSAL_EXCEEDED',
  'BATCH_REJECTED',
]);

/**
 * One request to move money or set it aside, and its outcome, keyed by the owner who started it. A
 * completed one has its entries, or its hold: the entries sum to zero in each currency, and what
 * they move is `amount` of `currency`. A failed one has no entries and says why. `occurred_at` is
 * when it happened in the world, `recorded_at` when it was posted.
 */
export const transactions = finance.table(
  'transactions',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    type: transactionType('type').notNull(),
    status: transactionStatus('status').notNull(),
    currency: text('currency').notNull(),
    amount: minorUnits('amount').notNull(),
    description: text('description'),
    metadata: jsonb('metadata').$type<Record<string, unknown>>().notNull().default({}),
    idempotencyKey: text('idempotency_key').notNull(),
    requestHash: bytea('request_hash').notNull(),
    reversesId: uuid('reverses_id'),
    rateNumerator: wholeNumber('rate_numerator'),
    rateDenominator: wholeNumber('rate_denominator'),
    failureCode: failureCode('failure_code'),
    failureFacts: jsonb('failure_facts').$type<Record<string, string>>(),
    occurredAt: instant('occurred_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'transactions_pkey', columns: [table.userId, table.id] }),
    // It leads with the key: of two indexes that both lead with the user, the planner takes either
    // for a look-up by (user_id, id), and one of them would read all that the user ever did.
    unique('transactions_idempotency_key_user_id_key').on(table.idempotencyKey, table.userId),
    foreignKey({
      name: 'transactions_reverses_fkey',
      columns: [table.userId, table.reversesId],
      foreignColumns: [table.userId, table.id],
    }).onDelete('restrict'),
    uniqueIndex('transactions_reverses_key')
      .on(table.userId, table.reversesId)
      .where(sql`status = 'COMPLETED'`),
    index('transactions_reverses_idx')
      .on(table.userId, table.reversesId)
      .where(sql`reverses_id is not null`),
    check('transactions_amount_positive_check', sql`amount > 0`),
    check(
      'transactions_idempotency_key_length_check',
      sql`char_length(idempotency_key) between 1 and 200`,
    ),
    check('transactions_request_hash_sha256_check', sql`octet_length(request_hash) = 32`),
    check(
      'transactions_failure_check',
      sql.raw(
        "case when status = 'FAILED' then num_nulls(failure_code, failure_facts) = 0 " +
          'else num_nonnulls(failure_code, failure_facts) = 0 end',
      ),
    ),
    check(
      'transactions_rate_check',
      sql.raw(
        "case when type = 'EXCHANGE' " +
          'then coalesce(rate_numerator > 0 and rate_denominator > 0, false) ' +
          'else num_nonnulls(rate_numerator, rate_denominator) = 0 end',
      ),
    ),
    check('transactions_metadata_object_check', sql`jsonb_typeof(metadata) = 'object'`),
    ...textLimits('transactions', { description: 500 }),
    ...jsonLimits('transactions', { metadata: 65_536, failure_facts: 65_536 }),
    instantsCheck('transactions', table),
  ],
);

export type LedgerTransactionRow = typeof transactions.$inferSelect;
export type NewLedgerTransactionRow = typeof transactions.$inferInsert;
