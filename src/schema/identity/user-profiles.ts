import { sql } from 'drizzle-orm';
import { check, foreignKey, jsonb, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instantsCheck, jsonLimits, textLimits, updatedAt } from '../columns.ts';
import { identity } from '../schemas.ts';
import { users } from './users.ts';

/** What a user tells about themselves: one row for each user, created with the user. */
export const userProfiles = identity.table(
  'user_profiles',
  {
    userId: uuid('user_id').primaryKey(),
    bio: text('bio'),
    avatarUrl: text('avatar_url'),
    location: text('location'),
    timeZone: text('time_zone').notNull().default('UTC'),
    preferences: jsonb('preferences').$type<Record<string, unknown>>().notNull().default({}),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    foreignKey({
      name: 'user_profiles_user_id_fkey',
      columns: [table.userId],
      foreignColumns: [users.id],
    }).onDelete('cascade'),
    check('user_profiles_bio_length_check', sql`char_length(bio) <= 5000`),
    check('user_profiles_avatar_url_form_check', sql`avatar_url ~ '^https?://'`),
    check('user_profiles_time_zone_check', sql`is_time_zone(time_zone)`),
    check('user_profiles_preferences_object_check', sql`jsonb_typeof(preferences) = 'object'`),
    ...textLimits('user_profiles', { avatar_url: 2_000, location: 200 }),
    ...jsonLimits('user_profiles', { preferences: 65_536 }),
    instantsCheck('user_profiles', table),
  ],
);

export type UserProfile = typeof userProfiles.$inferSelect;
export type NewUserProfile = typeof userProfiles.$inferInsert;
