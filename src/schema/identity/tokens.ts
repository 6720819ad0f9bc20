import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, unique, uuid } from 'drizzle-orm/pg-core';
import { bytea, createdAt, id, instant, instantsCheck } from '../columns.ts';
import { identity } from '../schemas.ts';
import { users } from './users.ts';

export const tokenType = identity.enum('token_type', ['ACCESS', 'REFRESH', 'RESET_PASSWORD']);

/**
 * Tokens that were handed out; only the SHA-256 of a token is here, so a leaked dump opens no
 * session.
 */
export const tokens = identity.table(
  'tokens',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    type: tokenType('type').notNull(),
    tokenHash: bytea('token_hash').notNull(),
    createdAt: createdAt(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    primaryKey({ name: 'tokens_pkey', columns: [table.userId, table.id] }),
    unique('tokens_user_id_token_hash_key').on(table.userId, table.tokenHash),
    foreignKey({
      name: 'tokens_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    index('tokens_token_hash_idx').on(table.tokenHash),
    index('tokens_expires_at_idx').on(table.expiresAt),
    check('tokens_token_hash_sha256_check', sql`octet_length(token_hash) = 32`),
    check('tokens_expires_after_created_check', sql`expires_at > created_at`),
    check('tokens_revoked_after_created_check', sql`revoked_at >= created_at`),
    instantsCheck('tokens', table),
  ],
);

export type Token = typeof tokens.$inferSelect;
export type NewToken = typeof tokens.$inferInsert;
