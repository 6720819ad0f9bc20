import { sql } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';

/** The server process that serves this call. */
export async function pidOf(db: Db): Promise<number> {
  const { rows } = await db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return rows[0]?.pid ?? 0;
}
