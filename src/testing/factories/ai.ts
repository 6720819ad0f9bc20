import type { Db } from '../../db/session.ts';
import { chatMessages } from '../../schema/ai/chat-messages.ts';
import { chatSessions } from '../../schema/ai/chat-sessions.ts';
import { aiPersonalities } from '../../schema/ai/personalities.ts';
import { aiPersonalityRelationships } from '../../schema/ai/personality-relationships.ts';
import { defineFactory, unique } from './factory.ts';
import { userIdOf } from './identity.ts';

export const insertAiPersonality = defineFactory(aiPersonalities, () => ({
  name: `Personality ${unique()}`,
  role: 'Tutor',
  personality: 'Patient and curious.',
  mood: 'calm',
}));

export const insertAiPersonalityRelationship = defineFactory(
  aiPersonalityRelationships,
  async (db, given) => ({
    personalityId: given.personalityId ?? (await insertAiPersonality(db)).id,
    relatedId: given.relatedId ?? (await insertAiPersonality(db)).id,
    kind: 'SISTER',
  }),
);

export const insertChatSession = defineFactory(chatSessions, async (db, given) => ({
  userId: await userIdOf(db, given),
  personalityId: given.personalityId ?? (await insertAiPersonality(db)).id,
  title: 'First steps',
}));

/** The first message of a session. */
export const insertChatMessage = defineFactory(chatMessages, async (db, given) => ({
  ...(await sessionOf(db, given)),
  position: 1,
  role: 'USER' as const,
  content: 'Hello',
}));

interface SessionKey {
  userId?: string | undefined;
  sessionId?: string | undefined;
}

async function sessionOf(db: Db, { userId, sessionId }: SessionKey) {
  if (userId !== undefined && sessionId !== undefined) return { userId, sessionId };
  const session = await insertChatSession(db, userId === undefined ? {} : { userId });
  return { userId: session.userId, sessionId: session.id };
}
