import { afterAll, beforeAll } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../src/db/connect.ts';
import { useEmptyTestDatabase } from './test-database.ts';

/** A database with nothing but `ddl` in it, for tests of what does not depend on our tables. */
export function useScratchDatabase(ddl: string, options: ConnectOptions = {}) {
  const database = useEmptyTestDatabase();
  let db: Database | undefined;
  beforeAll(async () => {
    db = await connect({ url: database.url, requireMigrated: false, ...options });
    await db.$client.query(ddl);
  });
  afterAll(() => db?.close());
  return {
    get url() {
      return database.url;
    },
    get db() {
      if (db === undefined) throw new Error('The database is there in tests and hooks only.');
      return db;
    },
  };
}
