import { sql } from 'drizzle-orm';
import {
  check,
  doublePrecision,
  foreignKey,
  index,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { createdAt, id, instant, instantsCheck, updatedAt } from '../columns.ts';
import { users } from '../identity/users.ts';
import { platform } from '../schemas.ts';

export const incidentType = platform.enum('incident_type', [
  'CRIME',
  'ACCIDENT',
  'EMERGENCY',
  'OTHER',
]);
export const incidentSeverity = platform.enum('incident_severity', ['LOW', 'MEDIUM', 'HIGH']);
export const incidentStatus = platform.enum('incident_status', [
  'REPORTED',
  'INVESTIGATING',
  'RESOLVED',
  'CLOSED',
]);

/** A danger reported by a user at a place, in WGS 84 degrees. */
export const safetyIncidents = platform.table(
  'safety_incidents',
  {
    userId: uuid('user_id').notNull(),
    id: id(),
    type: incidentType('type').notNull(),
    severity: incidentSeverity('severity').notNull(),
    latitude: doublePrecision('latitude').notNull(),
    longitude: doublePrecision('longitude').notNull(),
    description: text('description').notNull(),
    status: incidentStatus('status').notNull().default('REPORTED'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    resolvedAt: instant('resolved_at'),
  },
  (table) => [
    primaryKey({ name: 'safety_incidents_pkey', columns: [table.userId, table.id] }),
    foreignKey({
      name: 'safety_incidents_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    index('safety_incidents_open_idx')
      .on(table.severity.desc().nullsFirst(), table.createdAt.desc().nullsFirst())
      .where(sql`status in ('REPORTED', 'INVESTIGATING')`),
    check('safety_incidents_latitude_range_check', sql`latitude between -90 and 90`),
    check('safety_incidents_longitude_range_check', sql`longitude between -180 and 180`),
    check(
      'safety_incidents_description_length_check',
      sql`char_length(description) between 1 and 5000`,
    ),
    check(
      'safety_incidents_resolved_has_time_check',
      sql`(status in ('RESOLVED', 'CLOSED')) = (resolved_at is not null)`,
    ),
    check('safety_incidents_resolved_after_created_check', sql`resolved_at >= created_at`),
    instantsCheck('safety_incidents', table),
  ],
);

export type SafetyIncident = typeof safetyIncidents.$inferSelect;
export type NewSafetyIncident = typeof safetyIncidents.$inferInsert;
