import { resolve } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { TestingError } from './errors.ts';
import {
  createEmptyTestDatabase,
  createTestDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from './test-database.ts';
import type {} from './vitest-global-setup.ts';

/**
 * The server that the global setup started, for tests that make databases themselves.
 *
 * @throws TestingError `TEST_SETUP_MISSING` if the configuration does not name the global setup. No
 * other server is taken instead, whatever PGHOST or DATABASE_URL say.
 */
export function testServerUrl(): string {
  const url: string | undefined = inject('azoraTestServerUrl');
  if (url !== undefined) return url;
  throw new TestingError(
    'TEST_SETUP_MISSING',
    'No server for tests was started. Write into vitest.config.ts, for each project that needs ' +
      "one:\n\n  test: { globalSetup: ['@azora/db/testing/vitest-global-setup'] }\n",
  );
}

/**
 * A migrated database for the tests of this file or `describe`, made before the first and dropped
 * after the last. Its fields are there once tests run, not while they are collected. Files and
 * workers share what it is cloned from, with the service's own migrations as without. These are
 * named by `also`, a path from the root of the Vitest project.
 *
 * @throws TestingError before the first test, and what else `createTestDatabase` throws
 */
export function useTestDatabase(
  options: Omit<TestDatabaseOptions, 'serverUrl'> = {},
): Omit<TestDatabase, 'drop'> {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    const serverUrl = testServerUrl();
    database = await createTestDatabase({ ...options, also: inProject(options.also), serverUrl });
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
export function useEmptyTestDatabase(): {
  /** The URL of the database, with the password. */
  readonly url: string;
} {
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

/** A path counts from the project's root, wherever Vitest was started. */
function inProject<T>(also: T): T | string {
  const isPath = typeof also === 'string' && also !== '' && !also.startsWith('file:');
  return isPath ? resolve(inject('azoraTestRoot'), also) : also;
}

function started<T>(database: T | undefined): T {
  if (database === undefined)
    throw new Error('The test database is there in tests and hooks only.');
  return database;
}
