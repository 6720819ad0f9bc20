import type { Db } from '../../src/connect.ts';
import { chatMessages } from '../../src/schema/ai/chat-messages.ts';
import { chatSessions } from '../../src/schema/ai/chat-sessions.ts';
import { aiPersonalities } from '../../src/schema/ai/personalities.ts';
import { aiPersonalityRelationships } from '../../src/schema/ai/personality-relationships.ts';
import { demoChat, demoPersonalities, demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const { elara, sankofa, themba } = demoPersonalities;
const born = new Date('2026-01-01T00:00:00Z');

/** The family: Sankofa is the grandfather, Elara his daughter, Themba her son. */
async function seedPersonalities(db: Db): Promise<void> {
  await insertMissing(db, aiPersonalities, [
    {
      id: elara,
      name: 'Elara',
      role: 'Guide of the family',
      personality: 'Brings people, lessons and work together, and remembers what matters to each.',
      mood: 'warm',
      traits: ['caring', 'wise', 'encouraging'],
      createdAt: born,
      updatedAt: born,
    },
    {
      id: sankofa,
      name: 'Sankofa',
      role: 'Keeper of knowledge',
      personality: 'Answers with a story, and looks back before he goes forward.',
      mood: 'calm',
      traits: ['patient', 'thoughtful', 'precise'],
      createdAt: born,
      updatedAt: born,
    },
    {
      id: themba,
      name: 'Themba',
      role: 'Study companion',
      personality: 'Asks the question that everyone else was afraid to ask.',
      mood: 'cheerful',
      traits: ['curious', 'hopeful', 'playful'],
      createdAt: born,
      updatedAt: born,
    },
  ]);
  await insertMissing(db, aiPersonalityRelationships, [
    { personalityId: sankofa, relatedId: elara, kind: 'FATHER' },
    { personalityId: sankofa, relatedId: themba, kind: 'GRANDFATHER' },
    { personalityId: elara, relatedId: sankofa, kind: 'DAUGHTER' },
    { personalityId: elara, relatedId: themba, kind: 'MOTHER' },
    { personalityId: themba, relatedId: elara, kind: 'SON' },
    { personalityId: themba, relatedId: sankofa, kind: 'GRANDSON' },
  ]);
}

async function seedChat(db: Db): Promise<void> {
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
  await seedPersonalities(db);
  await seedChat(db);
}
