import { customType, foreignKey, uuid } from 'drizzle-orm/pg-core';
import { users } from '../identity/users.ts';
import { education } from '../schemas.ts';

const dateMultirange = customType<{ data: string }>({ dataType: () => 'datemultirange' });

/**
 * The days on which a learner did something, in the time zone of their profile, as a multirange:
 * PostgreSQL merges neighbouring days itself, so each of its ranges is one streak, and the union
 * with a late day closes a gap.
 */
export const learnerDays = education.table(
  'learner_days',
  {
    userId: uuid('user_id').primaryKey(),
    days: dateMultirange('days').notNull(),
  },
  (table) => [
    foreignKey({
      name: 'learner_days_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
  ],
);

export type LearnerDays = typeof learnerDays.$inferSelect;
