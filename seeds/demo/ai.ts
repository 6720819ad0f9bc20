import { inArray, or, sql } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';
import { chatMessages } from '../../src/schema/ai/chat-messages.ts';
import { chatSessions } from '../../src/schema/ai/chat-sessions.ts';
import { aiPersonalities } from '../../src/schema/ai/personalities.ts';
import { aiPersonalityRelationships } from '../../src/schema/ai/personality-relationships.ts';
import { demoChat, demoPersonalities, demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const born = new Date('2026-01-01T00:00:00Z');

type Ids = Record<keyof typeof demoPersonalities, string>;

const family = [
  {
    key: 'elara',
    name: 'Elara',
    role: 'Guide of the family',
    personality: 'Brings people, lessons and work together, and remembers what matters to each.',
    mood: 'warm',
    traits: ['caring', 'wise', 'encouraging'],
  },
  {
    key: 'sankofa',
    name: 'Sankofa',
    role: 'Keeper of knowledge',
    personality: 'Answers with a story, and looks back before he goes forward.',
    mood: 'calm',
    traits: ['patient', 'thoughtful', 'precise'],
  },
  {
    key: 'themba',
    name: 'Themba',
    role: 'Study companion',
    personality: 'Asks the question that everyone else was afraid to ask.',
    mood: 'cheerful',
    traits: ['curious', 'hopeful', 'playful'],
  },
] as const;

/** Adds the three; returns their ids, which are others where the names were there before. */
async function seedPersonalities(db: Db): Promise<Ids> {
  const names = family.map(({ name }) => name.toLowerCase());
  const there = await db
    .select({ id: aiPersonalities.id, name: aiPersonalities.name })
    .from(aiPersonalities)
    .where(
      or(
        inArray(sql`public.fold_text(name) collate "C"`, names),
        inArray(aiPersonalities.id, Object.values(demoPersonalities)),
      ),
    );
  const ids: Ids = { ...demoPersonalities };
  for (const { key, name, ...rest } of family) {
    // By id first: one of the demo's that was renamed is still the demo's.
    if (there.some(({ id }) => id === ids[key])) continue;
    const namesake = there.find((row) => row.name.toLowerCase() === name.toLowerCase());
    if (namesake !== undefined) {
      ids[key] = namesake.id;
      continue;
    }
    await db.insert(aiPersonalities).values({
      id: ids[key],
      name,
      ...rest,
      traits: [...rest.traits],
      createdAt: born,
      updatedAt: born,
    });
  }
  return ids;
}

/** The family: Sankofa is the grandfather, Elara his daughter, Themba her son. */
async function seedRelationships(db: Db, { elara, sankofa, themba }: Ids): Promise<void> {
  await insertMissing(db, aiPersonalityRelationships, [
    { personalityId: sankofa, relatedId: elara, kind: 'FATHER' },
    { personalityId: sankofa, relatedId: themba, kind: 'GRANDFATHER' },
    { personalityId: elara, relatedId: sankofa, kind: 'DAUGHTER' },
    { personalityId: elara, relatedId: themba, kind: 'MOTHER' },
    { personalityId: themba, relatedId: elara, kind: 'SON' },
    { personalityId: themba, relatedId: sankofa, kind: 'GRANDSON' },
  ]);
}

async function seedChat(db: Db, { themba }: Ids): Promise<void> {
  const at = (minute: number) => new Date(Date.UTC(2026, 1, 2, 17, minute));
  await insertMissing(db, chatSessions, [
    {
      userId: demoUsers.student,
      id: demoChat,
      personalityId: themba,
      title: 'What is an index?',
      context: { course: 'Databases with SQL' },
      createdAt: at(0),
      updatedAt: at(2),
      lastMessageAt: at(2),
    },
  ]);
  const message = { userId: demoUsers.student, sessionId: demoChat };
  await insertMissing(db, chatMessages, [
    {
      ...message,
      position: 1,
      role: 'USER',
      content: 'Why is my query slow?',
      createdAt: at(0),
    },
    {
      ...message,
      position: 2,
      role: 'ASSISTANT',
      content: 'How many rows must it look at before it finds yours?',
      createdAt: at(1),
    },
    {
      ...message,
      position: 3,
      role: 'USER',
      content: 'All of them. I see: it needs an index.',
      createdAt: at(2),
    },
  ]);
}

export async function seedAi(db: Db): Promise<void> {
  const ids = await seedPersonalities(db);
  await seedRelationships(db, ids);
  await seedChat(db, ids);
}
