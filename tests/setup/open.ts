import { afterAll } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../src/db/connect.ts';

/** How tests connect to this database with options of their own; what they opened is closed after the last. */
export function useOpen(database: { readonly url: string }) {
  const opened: Database[] = [];
  afterAll(() => Promise.all(opened.map((db) => db.close())));
  return async (options: ConnectOptions = {}): Promise<Database> => {
    const db = await connect({ url: database.url, requireMigrated: false, ...options });
    opened.push(db);
    return db;
  };
}
