import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { connect, type Database } from '../../src/db/connect.ts';
import { withAdmin, withDatabase } from '../../src/testing/admin.ts';
import { createTestDatabase } from '../../src/testing/index.ts';
import { newCloneName } from '../../src/testing/names.ts';
import { testServerUrl } from './test-database.ts';

/** A migrated database for each test, with the same rows: they are stored once, and cloned. */
export function useClones(store: (db: Database) => Promise<unknown>) {
  let original: { url: string; drop(): Promise<void> } | undefined;
  let clone = { url: '', db: undefined as Database | undefined };
  beforeAll(async () => {
    const database = await createTestDatabase({ serverUrl: testServerUrl() });
    original = database;
    await store(database.db);
    // Nobody may be connected to what is cloned.
    await database.db.close();
  });
  afterAll(() => original?.drop());
  beforeEach(async () => {
    const name = newCloneName();
    const source = new URL(original?.url ?? '').pathname.slice(1);
    await onServer(`create database ${name} template ${source} strategy file_copy`);
    const url = withDatabase(testServerUrl(), name);
    clone = { url, db: await connect({ url }) };
  });
  afterEach(async () => {
    await clone.db?.close();
    await onServer(`drop database ${new URL(clone.url).pathname.slice(1)} with (force)`);
  });
  return {
    get url() {
      return clone.url;
    },
    get db() {
      if (clone.db === undefined) throw new Error('The database is there in tests and hooks only.');
      return clone.db;
    },
  };
}

function onServer(statement: string) {
  return withAdmin(testServerUrl(), (admin) => admin.query(statement));
}
