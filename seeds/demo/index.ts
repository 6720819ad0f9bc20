import { sql } from 'drizzle-orm';
import type { Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { seedAi } from './ai.ts';
import { seedEducation } from './education.ts';
import { seedFinance } from './finance.ts';
import { checkEmails, seedIdentity } from './identity.ts';
import { seedMarketplace, seedSkills } from './marketplace.ts';
import { seedPlatform } from './platform.ts';

export { DemoSeedError } from './errors.ts';
export * from './ids.ts';

/**
 * Adds the demo: three users at azora.world, two courses, two jobs, wallets, a chat and what
 * belongs to them, under fixed ids (`demoUsers`, `demoCourses`, ...). Rows that are there stay as
 * they are, so a second run changes nothing, and data of others is not touched. One transaction;
 * two runs at once wait for each other.
 *
 * A skill or personality that has the name of one of the demo's is used instead of it, and a skill
 * whose id is taken gets another.
 *
 * @throws DemoSeedError `DEMO_EMAIL_TAKEN` when another user has the email of one of the demo's.
 */
export async function seedDemo(db: Db): Promise<void> {
  await transaction(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('azora-db demo seed'))`);
    await checkEmails(tx);
    await seedIdentity(tx);
    const skillIds = await seedSkills(tx);
    await seedMarketplace(tx, skillIds);
    await seedEducation(tx, skillIds);
    await seedFinance(tx);
    await seedAi(tx);
    await seedPlatform(tx);
  });
}
