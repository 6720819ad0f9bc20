import { sql } from 'drizzle-orm';
import { check, foreignKey, index, jsonb, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, jsonLimits, textLimits } from '../columns.ts';
import { users } from '../identity/users.ts';
import { platform } from '../schemas.ts';

export const notificationType = platform.enum('notification_type', [
  'COURSE_UPDATE',
  'PAYMENT_SUCCESS',
  'MINING_REWARD',
  'JOB_MATCH',
  'APPLICATION_UPDATE',
  'SYSTEM_ALERT',
]);

/** Something told to one user. Ids are time-ordered, so the key is also the newest-first order. */
export const notifications = platform.table(
  'notifications',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    type: notificationType('type').notNull(),
    title: text('title').notNull(),
    message: text('message').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
    readAt: instant('read_at'),
  },
  (table) => [
    primaryKey({ name: 'notifications_pkey', columns: [table.userId, table.id] }),
    foreignKey({
      name: 'notifications_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    index('notifications_unread_idx').on(table.userId, table.id).where(sql`read_at is null`),
    check('notifications_title_length_check', sql`char_length(title) between 1 and 200`),
    check('notifications_data_object_check', sql`jsonb_typeof(data) = 'object'`),
    check('notifications_read_after_created_check', sql`read_at >= created_at`),
    ...textLimits('notifications', { message: 5_000 }),
    ...jsonLimits('notifications', { data: 65_536 }),
    instantsCheck('notifications', table),
  ],
);

export type Notification = typeof notifications.$inferSelect;
export type NewNotification = typeof notifications.$inferInsert;
