import { sql } from 'drizzle-orm';
import { check, foreignKey, index, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, jsonLimits, updatedAt } from '../columns.ts';
import { users } from '../identity/users.ts';
import { ai } from '../schemas.ts';
import { aiPersonalities } from './personalities.ts';

/** A conversation of one user with one personality. */
export const chatSessions = ai.table(
  'chat_sessions',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    personalityId: uuid('personality_id').notNull(),
    title: text('title').notNull(),
    context: jsonb('context').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    lastMessageAt: instant('last_message_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'chat_sessions_pkey', columns: [table.userId, table.id] }),
    foreignKey({
      name: 'chat_sessions_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'chat_sessions_personality_id_fkey',
      columns: [table.personalityId],
      foreignColumns: [aiPersonalities.id],
    }).onDelete('restrict'),
    index('chat_sessions_recent_idx').on(
      table.userId,
      table.lastMessageAt.desc().nullsFirst(),
      table.id,
    ),
    index('chat_sessions_personality_id_idx').on(table.personalityId),
    check('chat_sessions_last_message_after_created_check', sql`last_message_at >= created_at`),
    check('chat_sessions_title_length_check', sql`char_length(title) between 1 and 200`),
    check('chat_sessions_context_object_check', sql`jsonb_typeof(context) = 'object'`),
    ...jsonLimits('chat_sessions', { context: 65_536 }),
    instantsCheck('chat_sessions', table),
  ],
);

export type ChatSession = typeof chatSessions.$inferSelect;
export type NewChatSession = typeof chatSessions.$inferInsert;
