import { sql } from 'drizzle-orm';
import { check, foreignKey, index, jsonb, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, instantsCheck, jsonLimits, textLimits } from '../columns.ts';
import { users } from '../identity/users.ts';
import { platform } from '../schemas.ts';

/** What was done to what, by whom; the actor is null for the system itself. Append-only. */
export const auditLog = platform.table(
  'audit_log',
  {
    id: id().primaryKey(),
    actorId: uuid('actor_id'),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    subjectId: text('subject_id').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (table) => [
    foreignKey({
      name: 'audit_log_actor_id_fkey',
      columns: [table.actorId],
      foreignColumns: [users.id],
    }).onDelete('restrict'),
    index('audit_log_actor_id_idx').on(table.actorId, table.id),
    index('audit_log_subject_idx').on(table.subject, table.subjectId, table.id),
    check('audit_log_action_form_check', sql`action ~ '^[a-z][a-z_]*([.][a-z][a-z_]*)*$'`),
    check('audit_log_data_object_check', sql`jsonb_typeof(data) = 'object'`),
    ...textLimits('audit_log', { action: 200, subject: 200, subject_id: 200 }),
    ...jsonLimits('audit_log', { data: 65_536 }),
    instantsCheck('audit_log', table),
  ],
);

export type AuditLogRow = typeof auditLog.$inferSelect;
export type NewAuditLogRow = typeof auditLog.$inferInsert;
