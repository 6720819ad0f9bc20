import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, text } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, jsonLimits, textLimits } from '../columns.ts';
import { platform } from '../schemas.ts';

export const eventStatus = platform.enum('event_status', [
  'PENDING',
  'PROCESSING',
  'COMPLETED',
  'FAILED',
]);

/**
 * The outbox: a fact published in the transaction that made it true, for other services to read.
 */
export const events = platform.table(
  'events',
  {
    id: id().primaryKey(),
    type: text('type').notNull(),
    source: text('source').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
    status: eventStatus('status').notNull().default('PENDING'),
    attempts: integer('attempts').notNull().default(0),
    createdAt: createdAt(),
    processedAt: instant('processed_at'),
  },
  (table) => [
    index('events_open_idx').on(table.id).where(sql`status in ('PENDING', 'PROCESSING')`),
    index('events_type_idx').on(table.type, table.id),
    check('events_type_form_check', sql`type ~ '^[a-z][a-z_]*([.][a-z][a-z_]*)+$'`),
    check('events_source_length_check', sql`char_length(source) between 1 and 100`),
    check('events_data_object_check', sql`jsonb_typeof(data) = 'object'`),
    check('events_attempts_not_negative_check', sql`attempts >= 0`),
    check(
      'events_processed_has_time_check',
      sql`(status in ('COMPLETED', 'FAILED')) = (processed_at is not null)`,
    ),
    check('events_processed_after_created_check', sql`processed_at >= created_at`),
    ...textLimits('events', { type: 200 }),
    ...jsonLimits('events', { data: 65_536 }),
    instantsCheck('events', table),
  ],
);

export type Event = typeof events.$inferSelect;
export type NewEvent = typeof events.$inferInsert;
