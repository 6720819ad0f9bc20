import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Database } from '../db/connect.ts';
import { requireObject } from '../require-object.ts';
import { withAdmin, withDatabase, withoutOptions } from './admin.ts';
import { createEmptyDatabase } from './empty-database.ts';
import { newCloneName } from './names.ts';
import { ensureTemplate } from './template.ts';

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
  /** The most connections that `db` opens. */
  max?: number | undefined;
}

/** A migrated database of one's own, to be thrown away. */
export interface TestDatabase {
  url: string;
  db: Database;
  /**
   * Ends every connection to the database, those of `db` too, whatever they are doing, and drops
   * it.
   */
  drop(): Promise<void>;
}

/**
 * Clones the migrated template, which is built first if the server has none for these migrations.
 * Takes about 20 ms once it is there.
 */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  requireObject('options', options);
  const { serverUrl, max } = options;
  const name = await clone(serverUrl, options.migrationsFolder);
  const url = withDatabase(serverUrl, name);
  try {
    const db = await connect({
      url: withoutOptions(url),
      max,
      // Another folder's migrations need not contain ours.
      requireMigrated: options.migrationsFolder === undefined,
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
 * A database without anything in it, for tests of what builds one. It has no `db`: it is not
 * migrated.
 */
export async function createEmptyTestDatabase(
  serverUrl: string,
): Promise<Omit<TestDatabase, 'db'>> {
  const name = newCloneName();
  await withAdmin(serverUrl, (admin) => createEmptyDatabase(admin, name));
  return {
    url: withDatabase(serverUrl, name),
    drop: () => dropDatabase(serverUrl, name),
  };
}

async function clone(serverUrl: string, migrationsFolder?: string): Promise<string> {
  const name = newCloneName();
  for (let attempt = 1; ; attempt += 1) {
    const template = await ensureTemplate(serverUrl, migrationsFolder);
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
