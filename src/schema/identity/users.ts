import { sql } from 'drizzle-orm';
import { check, index, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, textLimits, updatedAt } from '../columns.ts';
import { identity } from '../schemas.ts';

export const userRole = identity.enum('user_role', ['STUDENT', 'EDUCATOR', 'ADMIN']);

// All but the at sign and blanks. In some databases [:space:] has only those of ASCII.
const LETTERS =
  '[^@[:space:]\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';

/** People who can sign in. A reference table on Citus: every owner-first key points here. */
export const users = identity.table(
  'users',
  {
    id: id().primaryKey(),
    email: text('email').notNull(),
    name: text('name').notNull(),
    passwordHash: text('password_hash'),
    role: userRole('role').notNull().default('STUDENT'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    deletedAt: instant('deleted_at'),
  },
  (table) => [
    uniqueIndex('users_email_key').using('btree', sql`public.fold_text(email) collate "C"`),
    index('users_role_idx').using('btree', sql`role`, sql`id`).where(sql`deleted_at is null`),
    check(
      'users_email_form_check',
      sql.raw(`email collate "C" ~ '^${LETTERS}@${LETTERS}\\.${LETTERS}$'`),
    ),
    check('users_email_length_check', sql`char_length(email) <= 254`),
    check('users_name_length_check', sql`char_length(name) between 1 and 200`),
    check('users_password_hash_form_check', sql`password_hash like '$%'`),
    check('users_deleted_after_created_check', sql`deleted_at >= created_at`),
    // For the owners of system wallets. The lower ids were theirs before, and stay nobody's.
    check(
      'users_id_not_reserved_check',
      sql.raw(
        "id >= '00000000-0000-0000-0000-000000000100' and id not between " +
          "'00000000-0000-8000-8000-000000000000' and '00000000-0000-8000-8000-0000000000ff'",
      ),
    ),
    ...textLimits('users', { password_hash: 500 }),
    instantsCheck('users', table),
  ],
);

export type User = typeof users.$inferSelect;
export type NewUser = typeof users.$inferInsert;
