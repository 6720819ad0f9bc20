import { inArray, or, sql } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';
import { userProfiles } from '../../src/schema/identity/user-profiles.ts';
import { users } from '../../src/schema/identity/users.ts';
import { DemoSeedError } from './errors.ts';
import { demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const joined = new Date('2026-01-05T08:00:00Z');

const people = [
  {
    id: demoUsers.student,
    email: 'student@azora.world',
    name: 'Lerato Mokoena',
    role: 'STUDENT',
  },
  {
    id: demoUsers.educator,
    email: 'educator@azora.world',
    name: 'Nomsa Dlamini',
    role: 'EDUCATOR',
  },
  {
    id: demoUsers.admin,
    email: 'admin@azora.world',
    name: 'Sizwe Khumalo',
    role: 'ADMIN',
  },
] as const;

/** @throws DemoSeedError when somebody else has the email of a demo user that is still missing. */
export async function checkEmails(db: Db): Promise<void> {
  const ids = people.map(({ id }) => id);
  const emails = people.map(({ email }) => email);
  const rows = await db
    .select({ id: users.id, email: sql<string>`public.fold_text(email)` })
    .from(users)
    .where(or(inArray(users.id, ids), inArray(sql`public.fold_text(email) collate "C"`, emails)));
  for (const { id, email } of people) {
    const holder = rows.find((row) => row.email === email);
    if (holder === undefined || rows.some((row) => row.id === id)) continue;
    throw new DemoSeedError(
      `the user ${holder.id} in identity.users has the email ${email}, which is the demo's: ` +
        'give that user another one and seed again, or seed another database',
    );
  }
}

/** A student, an educator and an admin. None has a password: nobody can sign in as them. */
export async function seedIdentity(db: Db): Promise<void> {
  const stamps = { createdAt: joined, updatedAt: joined };
  await insertMissing(
    db,
    users,
    people.map((person) => ({ ...person, ...stamps })),
  );
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
