import { randomBytes } from 'node:crypto';
import type { Db } from '../../db/session.ts';
import { tokens } from '../../schema/identity/tokens.ts';
import { userProfiles } from '../../schema/identity/user-profiles.ts';
import { users } from '../../schema/identity/users.ts';
import { defineFactory, minutesFromNow, unique } from './factory.ts';

/** A student. */
export const insertUser = defineFactory(users, () => ({
  email: `${unique()}@example.com`,
  name: 'Thandi Nkosi',
}));

export const insertUserProfile = defineFactory(userProfiles, async (db, given) => ({
  userId: await userIdOf(db, given),
}));

/** An access token for the next hour. */
export const insertToken = defineFactory(tokens, async (db, given) => ({
  userId: await userIdOf(db, given),
  type: 'ACCESS' as const,
  tokenHash: randomBytes(32),
  expiresAt: minutesFromNow(60),
}));

/** The user that the row is to belong to, or a new one. */
export async function userIdOf(db: Db, given: { userId?: string | undefined }): Promise<string> {
  return given.userId ?? (await insertUser(db)).id;
}
