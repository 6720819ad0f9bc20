import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { textLimits } from '../columns.ts';
import { ai } from '../schemas.ts';
import { aiPersonalities } from './personalities.ts';

/** What one personality is to another, such as MOTHER or BROTHER. */
export const aiPersonalityRelationships = ai.table(
  'ai_personality_relationships',
  {
    personalityId: uuid('personality_id').notNull(),
    relatedId: uuid('related_id').notNull(),
    kind: text('kind').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'ai_personality_relationships_pkey',
      columns: [table.personalityId, table.relatedId],
    }),
    foreignKey({
      name: 'ai_personality_relationships_personality_id_fkey',
      columns: [table.personalityId],
      foreignColumns: [aiPersonalities.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'ai_personality_relationships_related_id_fkey',
      columns: [table.relatedId],
      foreignColumns: [aiPersonalities.id],
    }).onDelete('cascade'),
    index('ai_personality_relationships_related_id_idx').on(table.relatedId),
    check('ai_personality_relationships_not_self_check', sql`personality_id <> related_id`),
    check('ai_personality_relationships_kind_form_check', sql`kind ~ '^[A-Z][A-Z_]{1,30}$'`),
    ...textLimits('ai_personality_relationships', { kind: 100 }),
  ],
);

export type AiPersonalityRelationship = typeof aiPersonalityRelationships.$inferSelect;
export type NewAiPersonalityRelationship = typeof aiPersonalityRelationships.$inferInsert;
