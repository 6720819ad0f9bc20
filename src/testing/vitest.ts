import { afterAll, beforeAll, inject } from 'vitest';
import {
  createEmptyTestDatabase,
  createTestDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from './test-database.ts';
import type {} from './vitest-global-setup.ts';

/** The server that the global setup started, for tests that make databases themselves. */
export function testServerUrl(): string {
  return inject('azoraTestServerUrl');
}

/**
 * A migrated database for the tests of this file or `describe`, made before the first and dropped
 * after the last. Its fields are there once tests run, not while they are collected.
 */
export function useTestDatabase(
  options: Omit<TestDatabaseOptions, 'serverUrl'> = {},
): Omit<TestDatabase, 'drop'> {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await createTestDatabase({ ...options, serverUrl: testServerUrl() });
  });
  afterAll(async () => {
    await database?.drop();
  });
  return {
    get url() {
      return started(database).url;
    },
    get db() {
      return started(database).db;
    },
  };
}

/** The same without the migrations, and so without `db`. */
export function useEmptyTestDatabase(): { readonly url: string } {
  let database: Omit<TestDatabase, 'db'> | undefined;
  beforeAll(async () => {
    database = await createEmptyTestDatabase(testServerUrl());
  });
  afterAll(async () => {
    await database?.drop();
  });
  return {
    get url() {
      return started(database).url;
    },
  };
}

function started<T>(database: T | undefined): T {
  if (database === undefined)
    throw new Error('The test database is there in tests and hooks only.');
  return database;
}
