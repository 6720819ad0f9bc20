import type { Db } from '../../src/connect.ts';
import { userProfiles } from '../../src/schema/identity/user-profiles.ts';
import { users } from '../../src/schema/identity/users.ts';
import { demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const joined = new Date('2026-01-05T08:00:00Z');

/** A student, an educator and an admin. None has a password: nobody can sign in as them. */
export async function seedIdentity(db: Db): Promise<void> {
  await insertMissing(db, users, [
    {
      id: demoUsers.student,
      email: 'student@azora.world',
      name: 'Lerato Mokoena',
      role: 'STUDENT',
      createdAt: joined,
      updatedAt: joined,
    },
    {
      id: demoUsers.educator,
      email: 'educator@azora.world',
      name: 'Nomsa Dlamini',
      role: 'EDUCATOR',
      createdAt: joined,
      updatedAt: joined,
    },
    {
      id: demoUsers.admin,
      email: 'admin@azora.world',
      name: 'Sizwe Khumalo',
      role: 'ADMIN',
      createdAt: joined,
      updatedAt: joined,
    },
  ]);
  await insertMissing(db, userProfiles, [
    {
      userId: demoUsers.student,
      bio: 'Learns web development in the evenings.',
      location: 'Soweto, South Africa',
      timeZone: 'Africa/Johannesburg',
      preferences: { language: 'en', theme: 'dark' },
      createdAt: joined,
      updatedAt: joined,
    },
    {
      userId: demoUsers.educator,
      bio: 'Teaches software engineering.',
      location: 'Durban, South Africa',
      timeZone: 'Africa/Johannesburg',
      preferences: { language: 'en' },
      createdAt: joined,
      updatedAt: joined,
    },
    {
      userId: demoUsers.admin,
      location: 'Cape Town, South Africa',
      timeZone: 'Africa/Johannesburg',
      createdAt: joined,
      updatedAt: joined,
    },
  ]);
}
