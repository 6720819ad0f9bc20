import { sql } from 'drizzle-orm';
import { check, foreignKey, integer, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instantsCheck, jsonLimits, textLimits } from '../columns.ts';
import { ai } from '../schemas.ts';
import { chatSessions } from './chat-sessions.ts';

export const chatRole = ai.enum('chat_role', ['USER', 'ASSISTANT', 'SYSTEM']);

/** One message of a conversation; `position` counts from 1 and is the reading order. */
export const chatMessages = ai.table(
  'chat_messages',
  {
    userId: uuid('user_id').notNull(),
    sessionId: uuid('session_id').notNull(),
    position: integer('position').notNull(),
    role: chatRole('role').notNull(),
    content: text('content').notNull(),
    metadata: jsonb('metadata').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({
      name: 'chat_messages_pkey',
      columns: [table.userId, table.sessionId, table.position],
    }),
    foreignKey({
      name: 'chat_messages_user_id_session_id_fkey',
      columns: [table.userId, table.sessionId],
      foreignColumns: [chatSessions.userId, chatSessions.id],
    }).onDelete('cascade'),
    check('chat_messages_position_positive_check', sql`position > 0`),
    check('chat_messages_content_not_empty_check', sql`content <> ''`),
    check('chat_messages_metadata_object_check', sql`jsonb_typeof(metadata) = 'object'`),
    ...textLimits('chat_messages', { content: 100_000 }),
    ...jsonLimits('chat_messages', { metadata: 65_536 }),
    instantsCheck('chat_messages', table),
  ],
);

export type ChatMessage = typeof chatMessages.$inferSelect;
export type NewChatMessage = typeof chatMessages.$inferInsert;
