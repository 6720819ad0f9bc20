import { describe, expect, it } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { listConstraints } from './catalog.ts';
import { aiChecks } from './checks/ai.ts';
import { educationChecks } from './checks/education.ts';
import { financeChecks } from './checks/finance.ts';
import { identityChecks } from './checks/identity.ts';
import { marketplaceChecks } from './checks/marketplace.ts';
import { platformChecks } from './checks/platform.ts';
import { type AnyFactory, factoryOf } from './factories.ts';

const database = useTestDatabase();

const checks = [
  ...identityChecks,
  ...educationChecks,
  ...financeChecks,
  ...marketplaceChecks,
  ...aiChecks,
  ...platformChecks,
];

describe('check constraints', () => {
  it('are all broken once here', async () => {
    const covered = checks.map(({ constraint }) => constraint).sort();
    // limits.test.ts has the others, which are alike in every table.
    const others = /_(?:size|instants)_check$/;
    const all = await listConstraints(database.db, 'c');
    expect(covered).toEqual(all.filter((name) => !others.test(name)).sort());
  });

  it.each(checks)(
    '$constraint refuses the row that breaks it and takes the one that does not',
    async (check) => {
      const { insert } = factoryOf(check.table);
      const store = (values: Record<string, unknown>) =>
        check.withoutTriggers ? storeForAMoment(insert, values) : insert(database.db, values);
      await store(check.base);
      await expect(store({ ...check.base, ...check.broken })).rejects.toMatchObject({
        sqlState: '23514',
        constraint: check.constraint,
      });
    },
  );
});

class Undo extends Error {}

/** Rows that triggers have not seen must not stay. */
async function storeForAMoment(insert: AnyFactory, values: Record<string, unknown>) {
  const stored = transaction(database.db, async (tx) => {
    await tx.execute('set local session_replication_role = replica');
    await insert(tx, values);
    throw new Undo();
  });
  await stored.catch((error) => {
    if (!(error instanceof Undo)) throw error;
  });
}
