import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Database } from '../db/connect.ts';
import { requireObject } from '../require-object.ts';
import { requireServerUrl, withAdmin, withDatabase, withoutOptions } from './admin.ts';
import { createEmptyDatabase } from './empty-database.ts';
import { newCloneName } from './names.ts';
import { readServiceMigrations } from './service-migrations.ts';
import { ensureTemplate, type TemplateContents } from './template.ts';

/**
 * How long `drop` waits for the pool: with every connection ended by the server, there is little to
 * wait for.
 */
const CLOSE_MILLISECONDS = 1_000;

/** What a database for tests is made of. */
export interface TestDatabaseOptions {
  /** The `url` of a `startTestServer`; the user has to be allowed to create databases. */
  serverUrl: string;
  /** Default: the migrations of this package. */
  migrationsFolder?: string | undefined;
  /**
   * The migrations of the service, applied after them: drizzle-kit's folder with its journal, as a
   * path from the working directory or as `new URL('../drizzle', import.meta.url)`.
   */
  also?: string | URL | undefined;
  /** The most connections that `db` opens. */
  max?: number | undefined;
}

/** A migrated database of one's own, to be thrown away. */
export interface TestDatabase {
  /** The URL of the database, with the password. */
  url: string;
  /** A `connect()` to it, open until it is dropped. */
  db: Database;
  /**
   * Ends every connection to the database, those of `db` too, whatever they are doing, and drops
   * it.
   */
  drop(): Promise<void>;
}

/**
 * Clones the migrated template, which is built first if the server has none for these migrations.
 * Takes about 20 ms once it is there, which is as long as no migration changes.
 *
 * @throws TestingError `TEST_MIGRATION_FAILED` if a migration of the service fails: it names the
 * file and the statement
 * @throws AzoraDbError `MIGRATIONS_MISSING` if a folder has no journal or lacks a file
 * @throws InvalidInputError if `serverUrl` names no server. No other is taken instead, whatever
 * PGHOST or DATABASE_URL say
 */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  requireObject('options', options);
  const { serverUrl, max, migrationsFolder, also } = options;
  requireServerUrl(serverUrl);
  const name = await clone(serverUrl, {
    migrationsFolder,
    also: also === undefined ? undefined : readServiceMigrations(also),
  });
  const url = withDatabase(serverUrl, name);
  try {
    const db = await connect({
      url: withoutOptions(url),
      max,
      // Another folder's migrations need not contain ours.
      requireMigrated: migrationsFolder === undefined,
    });
    const drop = async () => {
      await dropDatabase(serverUrl, name);
      // A connection that a test took from the pool and never gave back would keep this waiting for
      // ever.
      const limit = new AbortController();
      const { signal } = limit;
      await Promise.race([db.close(), sleep(CLOSE_MILLISECONDS, undefined, { signal })]);
      limit.abort();
    };
    return { url, db, drop };
  } catch (error) {
    await dropDatabase(serverUrl, name);
    throw error;
  }
}

/**
 * A database without anything in it on the server of `serverUrl`, for tests of what builds one. It
 * has no `db`: it is not migrated.
 */
export async function createEmptyTestDatabase(
  serverUrl: string,
): Promise<Omit<TestDatabase, 'db'>> {
  requireServerUrl(serverUrl);
  const name = newCloneName();
  await withAdmin(serverUrl, (admin) => createEmptyDatabase(admin, name));
  return {
    url: withDatabase(serverUrl, name),
    drop: () => dropDatabase(serverUrl, name),
  };
}

async function clone(serverUrl: string, contents: TemplateContents): Promise<string> {
  const name = newCloneName();
  for (let attempt = 1; ; attempt += 1) {
    const template = await ensureTemplate(serverUrl, contents);
    try {
      await withAdmin(serverUrl, (admin) =>
        admin.query(`create database ${name} template ${template} strategy file_copy`),
      );
      return name;
    } catch (error) {
      // Another run may have dropped the template since, taking it for stale.
      if ((error as { code?: string }).code !== '3D000' || attempt === 3) throw error;
    }
  }
}

async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withAdmin(serverUrl, (admin) =>
    admin.query(`drop database if exists ${name} with (force)`),
  );
}
