import { afterEach } from 'vitest';
import { createEmptyTestDatabase } from '../../src/testing/index.ts';
import { testServerUrl } from '../setup/test-database.ts';

/** Makes empty databases that end with the test. */
export function useEmptyDatabases(): () => Promise<string> {
  const open: { drop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const database of open.splice(0)) await database.drop();
  });
  return async () => {
    const database = await createEmptyTestDatabase(testServerUrl());
    open.push(database);
    return database.url;
  };
}
