import { sql } from 'drizzle-orm';
import { check, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, id, instantsCheck, jsonLimits, textLimits, updatedAt } from '../columns.ts';
import { ai } from '../schemas.ts';

/** A member of the family of AI personalities. A reference table on Citus. */
export const aiPersonalities = ai.table(
  'ai_personalities',
  {
    id: id().primaryKey(),
    name: text('name').notNull(),
    role: text('role').notNull(),
    personality: text('personality').notNull(),
    mood: text('mood').notNull(),
    traits: text('traits').array().notNull().default(sql`'{}'::text[]`),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('ai_personalities_name_key').using(
      'btree',
      sql`public.fold_text(name) collate "C"`,
    ),
    check('ai_personalities_name_length_check', sql`char_length(name) between 1 and 100`),
    check('ai_personalities_role_length_check', sql`char_length(role) between 1 and 100`),
    check('ai_personalities_traits_known_check', sql`array_position(traits, null) is null`),
    ...textLimits('ai_personalities', { personality: 20_000, mood: 200 }),
    ...jsonLimits('ai_personalities', { traits: 65_536 }),
    instantsCheck('ai_personalities', table),
  ],
);

export type AiPersonality = typeof aiPersonalities.$inferSelect;
export type NewAiPersonality = typeof aiPersonalities.$inferInsert;
