import { connect } from '../db/connect.ts';
import type { Db } from '../db/session.ts';

/** Runs `work` on a migrated database and closes it. */
export async function withDb<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = await connect({ url, max: 2 });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
