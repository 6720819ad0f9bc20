import { afterAll } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../src/db/connect.ts';
import type { NoSchema, OwnSchema } from '../../src/db/own-schema.ts';

/** How tests connect to this database with options of their own; what they opened is closed after the last. */
export function useOpen(database: { readonly url: string }) {
  const opened: { close(): Promise<void> }[] = [];
  afterAll(() => Promise.all(opened.map((db) => db.close())));
  return async <TSchema extends OwnSchema = NoSchema>(
    options: ConnectOptions<TSchema> = {},
  ): Promise<Database<TSchema>> => {
    const where = options.pool === undefined ? { url: database.url } : {};
    const db = await connect<TSchema>({ ...where, requireMigrated: false, ...options });
    opened.push(db);
    return db;
  };
}
