import { expect, test } from 'vitest';
import { seedLarge } from '../seeds/large/index.ts';
import { startEmbedded } from '../src/embedded/index.ts';
import { getMigrationStatus, listPendingMigrations, migrate } from '../src/migrate/index.ts';
import { createTestDatabase, insertUser, startTestServer } from '../src/testing/index.ts';
import { rejection } from './setup/errors.ts';

const functions = {
  createTestDatabase,
  getMigrationStatus,
  listPendingMigrations,
  migrate,
  startEmbedded,
  startTestServer,
};

test.each(Object.entries(functions))('%s refuses options that are none', async (_name, start) => {
  for (const options of [null, 5, 'text']) {
    expect(await rejection(start(options as never))).toMatchObject({
      name: 'InvalidInputError',
      field: 'options',
    });
  }
});

test('what seeds or stores rows refuses a db that is none, and no options', async () => {
  expect(await rejection(seedLarge(null as never, null as never))).toMatchObject({
    field: 'options',
  });
  for (const db of [null, 5, {}]) {
    expect(await rejection(insertUser(db as never))).toMatchObject({ field: 'db' });
  }
});
