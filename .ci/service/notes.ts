import { pgSchema, text, uuid } from 'drizzle-orm/pg-core';

export const notesSchema = pgSchema('notes');

export const notes = notesSchema.table('notes', {
  id: uuid('id').primaryKey().defaultRandom(),
  text: text('text').notNull(),
});
