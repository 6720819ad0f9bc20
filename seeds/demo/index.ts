import { sql } from 'drizzle-orm';
import type { Db } from '../../src/connect.ts';
import { transaction } from '../../src/transaction.ts';
import { seedAi } from './ai.ts';
import { seedEducation } from './education.ts';
import { seedFinance } from './finance.ts';
import { seedIdentity } from './identity.ts';
import { seedMarketplace, seedSkills } from './marketplace.ts';
import { seedPlatform } from './platform.ts';

export * from './ids.ts';

/**
 * Adds the demo: three users at azora.world, two courses, two jobs, wallets, a chat and what belongs to
 * them, under fixed ids (`demoUsers`, `demoCourses`, ...). Rows that are there stay as they are, so a
 * second run changes nothing, and data of others is not touched. One transaction; two runs at once
 * wait for each other.
 */
export async function seedDemo(db: Db): Promise<void> {
  await transaction(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('azora-db demo seed'))`);
    await seedIdentity(tx);
    const skillIds = await seedSkills(tx);
    await seedMarketplace(tx, skillIds);
    await seedEducation(tx, skillIds);
    await seedFinance(tx);
    await seedAi(tx);
    await seedPlatform(tx);
  });
}
