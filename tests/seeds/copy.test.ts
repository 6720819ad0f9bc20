import { eq } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { copyRows } from '../../seeds/large/copy.ts';
import { events, type NewUserProfile, userProfiles } from '../../src/schema/index.ts';
import { insertUser } from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase({ max: 2 });

async function copyProfiles(rows: Iterable<NewUserProfile>): Promise<number> {
  const client = await database.db.$client.connect();
  try {
    return await copyRows(client, userProfiles, rows);
  } finally {
    client.release();
  }
}

it.each([
  'a\tb\nc\rd',
  'back\\slash and \\N and \\.',
  '\\.',
  '\\N',
  '',
  `"quotes" 'and' $dollars$`,
  'Zoë 日本語 🦓',
  '\\t is not a tab',
])('copies %j as it is', async (text) => {
  const { id: userId } = await insertUser(database.db);
  const preferences = { [`key ${text}`]: [text, null, 1.5] };
  expect(await copyProfiles([{ userId, bio: text, location: null, preferences }])).toBe(1);
  expect(await profilesOf(userId)).toMatchObject([
    { bio: text, location: null, preferences, timeZone: 'UTC' },
  ]);
});

it('copies times to the millisecond, and leaves what no row names to the defaults', async () => {
  const client = await database.db.$client.connect();
  const createdAt = new Date('2026-01-01T00:00:00.123Z');
  await copyRows(client, events, [{ type: 'a.b', source: 'tests', createdAt }]);
  client.release();
  const [event] = await database.db.select().from(events);
  expect(event).toMatchObject({ createdAt, status: 'PENDING', attempts: 0, data: {} });
  expect(event?.id).toMatch(/-7/);
});

it('copies more than one chunk, each row once', async () => {
  const client = await database.db.$client.connect();
  const rows = Array.from({ length: 5_000 }, (_, at) => ({ type: `many.x`, source: `row ${at}` }));
  expect(await copyRows(client, events, rows)).toBe(5_000);
  client.release();
  const stored = await database.db.select().from(events).where(eq(events.type, 'many.x'));
  expect(new Set(stored.map(({ source }) => source)).size).toBe(5_000);
});

it('writes nothing for no rows', async () => {
  expect(await copyProfiles([])).toBe(0);
});

it('refuses a row that lacks what the first one has, and keeps none', async () => {
  const first = await insertUser(database.db);
  const second = await insertUser(database.db);
  await expect(
    copyProfiles([{ userId: first.id, bio: 'here' }, { userId: second.id }]),
  ).rejects.toThrow('bio is missing');
  expect(await profilesOf(first.id)).toEqual([]);
});

function profilesOf(userId: string) {
  return database.db.select().from(userProfiles).where(eq(userProfiles.userId, userId));
}
