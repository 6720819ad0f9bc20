import { sql } from 'drizzle-orm';
import { check, index, integer, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, instantsCheck, textLimits, updatedAt } from '../columns.ts';
import { marketplace } from '../schemas.ts';

export const skillLevel = marketplace.enum('skill_level', [
  'BEGINNER',
  'INTERMEDIATE',
  'ADVANCED',
  'EXPERT',
]);

/**
 * The skills catalogue. Ids are integers, because matching keeps them in arrays; those up to 1000
 * are left to seeds, so that fixed ids never meet generated ones.
 */
export const skills = marketplace.table(
  'skills',
  {
    id: integer('id').primaryKey().generatedByDefaultAsIdentity({ startWith: 1001 }),
    name: text('name').notNull(),
    category: text('category').notNull(),
    description: text('description'),
    /** Where the skill comes from, such as its ESCO concept: what an import finds it by again. */
    sourceUri: text('source_uri'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('skills_source_uri_key').using('btree', sql`source_uri`),
    uniqueIndex('skills_name_key').using('btree', sql`public.fold_text(name) collate "C"`),
    index('skills_category_idx').using('btree', sql`category`, sql`id`),
    check('skills_id_positive_check', sql`id > 0`),
    // Matching packs an id with three more bits into an integer.
    check('skills_id_limit_check', sql`id < 268435456`),
    check('skills_name_length_check', sql`char_length(name) between 1 and 300`),
    check('skills_source_uri_length_check', sql`char_length(source_uri) between 1 and 500`),
    check('skills_category_length_check', sql`char_length(category) between 1 and 100`),
    ...textLimits('skills', { description: 100_000 }),
    instantsCheck('skills', table),
  ],
);

export type Skill = typeof skills.$inferSelect;
export type NewSkill = typeof skills.$inferInsert;
