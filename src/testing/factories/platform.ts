import { auditLog } from '../../schema/platform/audit-log.ts';
import { events } from '../../schema/platform/events.ts';
import { notifications } from '../../schema/platform/notifications.ts';
import { safetyIncidents } from '../../schema/platform/safety-incidents.ts';
import { defineFactory } from './factory.ts';
import { userIdOf } from './identity.ts';

/** An unread notification. */
export const insertNotification = defineFactory(notifications, async (db, given) => ({
  userId: await userIdOf(db, given),
  type: 'SYSTEM_ALERT' as const,
  title: 'Maintenance',
  message: 'Tonight from 22:00.',
}));

/** An event that nobody has read yet. */
export const insertEvent = defineFactory(events, () => ({
  type: 'test.happened',
  source: 'tests',
}));

/** An incident in Johannesburg, just reported. */
export const insertSafetyIncident = defineFactory(safetyIncidents, async (db, given) => ({
  userId: await userIdOf(db, given),
  type: 'ACCIDENT' as const,
  severity: 'LOW' as const,
  latitude: -26.2041,
  longitude: 28.0473,
  description: 'A fallen tree.',
}));

/** Something that the system itself did. */
export const insertAuditLogRow = defineFactory(auditLog, () => ({
  action: 'user.created',
  subject: 'user',
  subjectId: '1',
}));
