import { sql } from 'drizzle-orm';
import { check, integer, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, instantsCheck, textLimits, updatedAt } from '../columns.ts';
import { marketplace } from '../schemas.ts';

/** A kind of work of the imported classification: what its skills are needed for together. */
export const occupations = marketplace.table(
  'occupations',
  {
    id: integer('id').primaryKey().generatedByDefaultAsIdentity(),
    sourceUri: text('source_uri').notNull(),
    name: text('name').notNull(),
    groupCode: text('group_code'),
    description: text('description'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('occupations_source_uri_key').using('btree', sql`source_uri`),
    check('occupations_source_uri_length_check', sql`char_length(source_uri) between 1 and 500`),
    check('occupations_name_length_check', sql`char_length(name) between 1 and 300`),
    ...textLimits('occupations', { group_code: 50, description: 100_000 }),
    instantsCheck('occupations', table),
  ],
);

export type Occupation = typeof occupations.$inferSelect;
export type NewOccupation = typeof occupations.$inferInsert;
