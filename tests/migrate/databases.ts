import { afterEach } from 'vitest';
import { createEmptyTestDatabase, createTestDatabase } from '../../src/testing/index.ts';
import { testServerUrl } from '../setup/test-database.ts';

interface Made {
  url: string;
  drop(): Promise<void>;
}

/** Makes empty databases that end with the test. */
export function useEmptyDatabases(): () => Promise<string> {
  return useDatabases(() => createEmptyTestDatabase(testServerUrl()));
}

/** Makes databases that `migrate` has made, with nobody connected, that end with the test. */
export function useMigratedDatabases(): () => Promise<string> {
  return useDatabases(async () => {
    const { db, ...database } = await createTestDatabase({ serverUrl: testServerUrl() });
    await db.close();
    return database;
  });
}

function useDatabases(make: () => Promise<Made>): () => Promise<string> {
  const open: Made[] = [];
  afterEach(async () => {
    for (const database of open.splice(0)) await database.drop();
  });
  return async () => {
    const database = await make();
    open.push(database);
    return database.url;
  };
}
