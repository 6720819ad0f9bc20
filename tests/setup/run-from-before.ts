import { sql } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';

/** Runs `work` at repeatable read, the first time from a snapshot before `meanwhile`; how often it ran. */
export async function runFromBefore(
  db: Db,
  meanwhile: () => Promise<unknown>,
  work: (tx: Db) => Promise<unknown>,
): Promise<number> {
  let attempts = 0;
  await transaction(
    db,
    async (tx) => {
      attempts += 1;
      // The first statement takes the snapshot.
      await tx.execute(sql`select`);
      if (attempts === 1) await meanwhile();
      await work(tx);
    },
    { isolation: 'repeatable read' },
  );
  return attempts;
}
