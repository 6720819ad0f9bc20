import { sql } from 'drizzle-orm';
import { check, integer } from 'drizzle-orm/pg-core';
import { bytea, createdAt, instantsCheck, wholeNumber } from '../columns.ts';
import { finance } from '../schemas.ts';

/**
 * A link of the chain that makes a change of the past visible: the SHA-256 of the link before and
 * of the ranges of entries that this one seals. A trigger fills in all but the number. Append-only.
 */
export const seals = finance.table(
  'seals',
  {
    number: wholeNumber('number').primaryKey(),
    previousHash: bytea('previous_hash').notNull(),
    hash: bytea('hash').notNull(),
    rangeCount: integer('range_count').notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    check('seals_number_positive_check', sql`number > 0`),
    check('seals_hash_sha256_check', sql`octet_length(hash) = 32`),
    check('seals_previous_hash_sha256_check', sql`octet_length(previous_hash) = 32`),
    check('seals_range_count_positive_check', sql`range_count > 0`),
    instantsCheck('seals', table),
  ],
);

export type Seal = typeof seals.$inferSelect;
