import { sql } from 'drizzle-orm';
import { check, foreignKey, integer, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { bytea, wholeNumber } from '../columns.ts';
import { finance } from '../schemas.ts';
import { entries } from './entries.ts';
import { seals } from './seals.ts';

/**
 * Consecutive entries of one wallet under a seal: the SHA-256 of all of them, and of each the first
 * 8 bytes of its own, which tell the first altered one. `place` counts the ranges of a seal from 1
 * on. A trigger fills in `place`, `digests` and `hash`. Append-only.
 */
export const sealedRanges = finance.table(
  'sealed_ranges',
  {
    userId: uuid('user_id').notNull(),
    currency: text('currency').notNull(),
    lastVersion: wholeNumber('last_version').notNull(),
    firstVersion: wholeNumber('first_version').notNull(),
    sealNumber: wholeNumber('seal_number').notNull(),
    place: integer('place').notNull(),
    digests: bytea('digests').notNull(),
    hash: bytea('hash').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'sealed_ranges_pkey',
      columns: [table.userId, table.currency, table.lastVersion],
    }),
    foreignKey({
      name: 'sealed_ranges_last_entry_fkey',
      columns: [table.userId, table.currency, table.lastVersion],
      foreignColumns: [entries.userId, entries.currency, entries.version],
    }).onDelete('restrict'),
    foreignKey({
      name: 'sealed_ranges_seal_number_fkey',
      columns: [table.sealNumber],
      foreignColumns: [seals.number],
    }).onDelete('restrict'),
    unique('sealed_ranges_seal_number_place_key').on(table.sealNumber, table.place),
    check('sealed_ranges_place_positive_check', sql`place > 0`),
    check('sealed_ranges_versions_check', sql`first_version between 1 and last_version`),
    check(
      'sealed_ranges_digests_length_check',
      sql`octet_length(digests) = 8 * (last_version - first_version + 1)`,
    ),
    check('sealed_ranges_hash_sha256_check', sql`octet_length(hash) = 32`),
  ],
);

export type SealedRange = typeof sealedRanges.$inferSelect;
